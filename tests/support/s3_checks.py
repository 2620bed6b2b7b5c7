"""What a strict S3 server would not take, and Ceph does: for s3-proxy."""
import base64
import hashlib
import xml.etree.ElementTree as xml


def violations(request, body, record):
    """What a strict server would not have taken."""
    digest = hashlib.sha256(body).digest()
    if "X-Amz-Signature" not in request.query:
        yield from wrong_signature(request)
        named = request.get("x-amz-content-sha256")
        if named not in ("UNSIGNED-PAYLOAD", digest.hex()):
            yield f"x-amz-content-sha256 is {named or 'missing'}, not that of the body"
    checksum = request.get("x-amz-checksum-sha256")
    if checksum and checksum != base64.b64encode(digest).decode():
        yield f"x-amz-checksum-sha256 is {checksum}, not that of the body"
    md5 = request.get("content-md5")
    if md5 and md5 != base64.b64encode(hashlib.md5(body).digest()).decode():
        yield f"content-md5 is {md5}, not that of the body"
    if not md5 and needs_md5(request):
        yield "an object is locked without content-md5"
    if request.operation == "UploadPart" and not 1 <= int(request.query["partNumber"]) <= 10000:
        yield f"part number {request.query['partNumber']}"
    if request.operation == "CompleteMultipartUpload":
        upload = request.query.get("uploadId")
        yield from wrong_parts(body, record.etags.get(upload, {}), upload in record.checksums)


def needs_md5(request):
    locked = request.operation == "PutObject" and request.get("x-amz-object-lock-mode")
    return locked or request.operation == "PutObjectRetention"


def wrong_signature(request):
    authorization = request.get("authorization")
    words = authorization.replace(",", " ").split()[1:]
    parts = dict(word.split("=", 1) for word in words if "=" in word)
    scope = parts.get("Credential", "").split("/")[1:]
    wanted = [request.get("x-amz-date")[:8], "us-east-1", "s3", "aws4_request"]
    if not authorization.startswith("AWS4-HMAC-SHA256 ") or scope != wanted:
        yield f"the scope is {'/'.join(scope)}, not {'/'.join(wanted)}"
    signed = parts.get("SignedHeaders", "").split(";")
    if signed != sorted(signed):
        yield "the signed headers are not in order"
    for name in ["host", "x-amz-date"] + [name for name, _ in request.fields if name.startswith("x-amz-")]:
        if name not in signed:
            yield f"{name} is not signed"


def wrong_parts(body, etags, checksums):
    wanted = ["PartNumber", "ETag"] + ["ChecksumSHA256"] * checksums
    try:
        for part in xml.fromstring(bytes(body)):
            named = [element.tag.rpartition("}")[2] for element in part]
            if named != wanted:
                yield f"a part has {' '.join(named)}, not {' '.join(wanted)}"
                return
        parts = [(int(part.findtext("{*}PartNumber")), part.findtext("{*}ETag")) for part in xml.fromstring(bytes(body))]
    except (xml.ParseError, TypeError, ValueError):
        yield "the list of parts is none"
        return
    numbers = [number for number, _ in parts]
    if not parts or numbers != sorted(set(numbers)) or not 1 <= numbers[0] <= numbers[-1] <= 10000:
        yield f"the parts are {numbers}"
    for number, etag in parts:
        if etags.get(number, "").strip('"') != (etag or "").strip('"'):
            yield f"the ETag of part {number} is {etag}, not {etags.get(number)}"
