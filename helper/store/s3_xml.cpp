#include "store/s3_xml.hpp"

#include <pugixml.hpp>
#include <sstream>

#include "base/text.hpp"

namespace backups {
namespace {

/// The root element where it has this name, whatever its namespace prefix.
class Document {
 public:
  Document(const std::string& xml, const char* root) {
    const bool whole = document_.load_buffer(xml.data(), xml.size());
    if (whole && std::string_view(document_.document_element().name()) == root)
      root_ = document_.document_element();
  }
  explicit operator bool() const { return root_; }
  const pugi::xml_node* operator->() const { return &root_; }
  std::string text(const char* child) const { return root_.child_value(child); }

 private:
  pugi::xml_document document_;
  pugi::xml_node root_;
};

}  // namespace

bool is_xml(const std::string& text) {
  pugi::xml_document document;
  return document.load_buffer(text.data(), text.size()) && document.document_element();
}

std::optional<S3Problem> read_problem(const std::string& xml) {
  const Document document(xml, "Error");
  if (!document) return std::nullopt;
  return S3Problem{document.text("Code"), document.text("Message"), document.text("Region")};
}

std::optional<S3Page> read_page(const std::string& xml) {
  const Document document(xml, "ListBucketResult");
  if (!document) return std::nullopt;
  S3Page page;
  for (const auto& object : document->children("Contents")) {
    const auto size = parse_number(object.child_value("Size"));
    if (!size || *size < 0) return std::nullopt;
    page.entries.push_back(
        {object.child_value("Key"), static_cast<std::uint64_t>(*size), object.child_value("ETag")});
  }
  if (document.text("IsTruncated") == "true") {
    page.next = document.text("NextContinuationToken");
    if (page.next.empty()) return std::nullopt;
  }
  return page;
}

std::optional<S3Uploads> read_uploads(const std::string& xml) {
  const Document document(xml, "ListMultipartUploadsResult");
  if (!document) return std::nullopt;
  S3Uploads list;
  for (const auto& upload : document->children("Upload"))
    list.uploads.push_back({upload.child_value("Key"), upload.child_value("UploadId"),
                            upload.child_value("Initiated")});
  if (document.text("IsTruncated") == "true") {
    list.next_key = document.text("NextKeyMarker");
    list.next_id = document.text("NextUploadIdMarker");
    if (list.next_key.empty()) return std::nullopt;
  }
  return list;
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

std::string write_completion(const std::vector<S3Part>& parts) {
  pugi::xml_document document;
  auto root = document.append_child("CompleteMultipartUpload");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  int number = 0;
  for (const auto& part : parts) {
    auto node = root.append_child("Part");
    node.append_child("PartNumber").text() = ++number;
    node.append_child("ETag").text() = part.etag.c_str();
    if (!part.checksum.empty()) node.append_child("ChecksumSHA256").text() = part.checksum.c_str();
  }
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

}  // namespace backups
