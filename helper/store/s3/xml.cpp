#include "store/s3/xml.hpp"

#include <pugixml.hpp>
#include <sstream>

#include "base/text.hpp"
#include "store/limits.hpp"

namespace backups {
namespace {

class DepthLimit : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node&) override { return depth() < kMaxXmlDepth; }
};

bool load(pugi::xml_document& document, const std::string& xml) {
  DepthLimit limit;
  return document.load_buffer(xml.data(), xml.size()) && document.traverse(limit);
}

/// The root element, if it has this name.
class Document {
 public:
  Document(const std::string& xml, const char* root) {
    if (load(document_, xml) && std::string_view(document_.document_element().name()) == root)
      root_ = document_.document_element();
  }
  explicit operator bool() const { return root_; }
  const pugi::xml_node* operator->() const { return &root_; }
  std::string text(const char* child) const { return root_.child_value(child); }

 private:
  pugi::xml_document document_;
  pugi::xml_node root_;
};

pugi::xml_node append_root(pugi::xml_document& document, const char* name) {
  auto root = document.append_child(name);
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  return root;
}

/// True if further pages follow. In doubt they do: what is not listed would count as missing.
bool is_truncated(const Document& document) {
  const std::string text = lower(trim(document.text("IsTruncated")));
  return !text.empty() && text != "false";
}

/// "2026-04-08T14:30:00.000Z"
Time begun(const std::string& initiated) {
  return parse_rfc3339(initiated.substr(0, 19) + "Z").value_or(0);
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace

bool is_xml(const std::string& text) {
  pugi::xml_document document;
  return load(document, text) && document.document_element();
}

std::optional<S3Problem> read_problem(const std::string& xml) {
  const Document document(xml, "Error");
  if (!document) return std::nullopt;
  return S3Problem{document.text("Code"), document.text("Message"), document.text("Region"),
                   document.text("Endpoint")};
}

std::optional<S3Page<Store::Entry>> read_objects(const std::string& xml) {
  const Document document(xml, "ListBucketResult");
  if (!document) return std::nullopt;
  S3Page<Store::Entry> page;
  for (const auto& object : document->children("Contents")) {
    const auto size = parse_number(object.child_value("Size"));
    if (!size || *size < 0) return std::nullopt;
    page.items.push_back(
        {object.child_value("Key"), static_cast<std::uint64_t>(*size), object.child_value("ETag")});
  }
  if (is_truncated(document)) {
    page.next = {{"continuation-token", document.text("NextContinuationToken")}};
    if (page.next[0].second.empty()) return std::nullopt;
  }
  return page;
}

std::optional<S3Page<S3Upload>> read_uploads(const std::string& xml) {
  const Document document(xml, "ListMultipartUploadsResult");
  if (!document) return std::nullopt;
  S3Page<S3Upload> page;
  for (const auto& upload : document->children("Upload"))
    page.items.push_back({upload.child_value("Key"), upload.child_value("UploadId"),
                          begun(upload.child_value("Initiated"))});
  if (is_truncated(document)) {
    page.next = {{"key-marker", document.text("NextKeyMarker")},
                 {"upload-id-marker", document.text("NextUploadIdMarker")}};
    if (page.next[0].second.empty()) return std::nullopt;
    if (page.next[1].second.empty()) page.next.pop_back();
  }
  return page;
}

std::optional<std::string> read_upload_id(const std::string& xml) {
  const Document document(xml, "InitiateMultipartUploadResult");
  if (!document || document.text("UploadId").empty()) return std::nullopt;
  return document.text("UploadId");
}

std::optional<std::string> read_completed(const std::string& xml) {
  const Document document(xml, "CompleteMultipartUploadResult");
  if (!document) return std::nullopt;
  return document.text("ETag");
}

std::string write_completion(const std::vector<S3Part>& parts, bool checksums) {
  pugi::xml_document document;
  auto root = append_root(document, "CompleteMultipartUpload");
  int number = 0;
  for (const auto& part : parts) {
    auto node = root.append_child("Part");
    node.append_child("PartNumber").text() = ++number;
    node.append_child("ETag").text() = part.etag.c_str();
    if (checksums && !part.checksum.empty())
      node.append_child("ChecksumSHA256").text() = part.checksum.c_str();
  }
  return text_of(document);
}

std::string write_retention(const std::string& mode, const std::string& until) {
  pugi::xml_document document;
  auto root = append_root(document, "Retention");
  root.append_child("Mode").text() = mode.c_str();
  root.append_child("RetainUntilDate").text() = until.c_str();
  return text_of(document);
}

}  // namespace backups
