#include "input.hpp"
#include "store/s3/xml.hpp"

using namespace backups;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string xml = fuzz::text_of(data, size);
  is_xml(xml);
  read_problem(xml);
  read_objects(xml);
  read_uploads(xml);
  read_upload_id(xml);
  read_completed(xml);
  return 0;
}
