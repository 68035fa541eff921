// Every document a store may send: what is read is decoded whole or refused.
#include "object/xml.hpp"

#include "object/encoding.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace gantry::object;

FUZZ_TARGET(store_xml) {
  for (Plus plus : {Plus::literal, Plus::space}) {
    if (const auto listing = xml::read_listing(std::string(input), plus))
      for (const ObjectInfo& info : listing->page.objects) CHECK(!info.key.empty());
    if (const auto frame = xml::read_listing_frame(input, plus)) CHECK(frame->page.objects.empty());
    if (const auto uploads = xml::read_uploads(input, plus))
      for (const UploadInfo& upload : uploads->uploads) CHECK(!upload.upload_id.empty());
    if (const auto plain = decode(input, plus)) CHECK(decode(encode(*plain), plus) == plain);
  }
  (void)xml::read_error(input);
  (void)xml::read_upload_id(input);
  if (const auto written = xml::read_written(input)) CHECK(!written->etag.empty());
  if (const auto parts = xml::read_parts(input)) (void)xml::write_complete(parts->parts, "");
  if (const auto failures = xml::read_delete_result(input))
    for (const xml::DeleteFailure& failure : *failures) (void)xml::write_delete({failure.key}, "");
  (void)parse_store_time(input);
}
