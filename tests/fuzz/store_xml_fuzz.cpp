// Every document a store may send, from any bytes: no crash, and what is read is decoded whole or refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "object/encoding.hpp"
#include "object/xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace xml = gantry::object::xml;
  using gantry::object::Plus;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (Plus plus : {Plus::literal, Plus::space}) {
    if (const auto listing = xml::read_listing(text, plus))
      for (const auto& info : listing->page.objects)
        if (info.key.empty()) std::abort();
    if (const auto uploads = xml::read_uploads(text, plus))
      for (const auto& upload : uploads->uploads)
        if (upload.upload_id.empty()) std::abort();
    if (const auto plain = gantry::object::decode(text, plus))
      if (gantry::object::decode(gantry::object::encode(*plain), plus) != plain) std::abort();
  }
  (void)xml::read_error(text);
  (void)xml::read_upload_id(text);
  if (const auto written = xml::read_written(text); written && written->etag.empty()) std::abort();
  if (const auto parts = xml::read_parts(text)) (void)xml::write_complete(parts->parts, "");
  if (const auto failures = xml::read_delete_result(text))
    for (const auto& failure : *failures) (void)xml::write_delete({failure.key}, "");
  (void)gantry::object::parse_store_time(text);
  return 0;
}
