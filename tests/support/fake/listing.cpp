// ListObjects, versions 1 and 2.
#include <fmt/format.h>

#include <algorithm>

#include "tests/support/fake/bucket.hpp"
#include "tests/support/fake/codec.hpp"

namespace gantry::test::fake {
namespace {

std::string text_parameter(const HttpRequest& request, std::string_view name) {
  const std::string* value = request.parameter(name);
  return value == nullptr ? std::string{} : *value;
}

/// Tokens are opaque to clients: hexadecimal with a mark, so that a key used as a token is noticed.
std::string make_token(const std::string& position) { return "t1-" + hex(position); }

std::optional<std::string> read_token(const std::string& token) {
  if (!token.starts_with("t1-")) return std::nullopt;
  std::string escaped;
  for (std::size_t i = 3; i + 1 < token.size(); i += 2) escaped += "%" + token.substr(i, 2);
  return decode(escaped, Plus::literal);
}

struct Page {
  std::vector<std::pair<std::string, const StoredObject*>> objects;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string last;  // the last key or prefix on the page
};

struct Question {
  std::string prefix;
  std::string delimiter;
  std::string after;
  std::uint32_t max = 1000;
};

/// The common prefix `key` falls under; empty when it is listed itself.
std::string group_of(const std::string& key, const Question& question) {
  if (question.delimiter.empty()) return {};
  const auto end = key.find(question.delimiter, question.prefix.size());
  return end == std::string::npos ? std::string{} : key.substr(0, end + question.delimiter.size());
}

Page make_page(const std::map<std::string, StoredObject>& objects, const Question& question) {
  Page page;
  for (auto at = objects.lower_bound(std::max(question.prefix, question.after)); at != objects.end(); ++at) {
    const std::string& key = at->first;
    if (!key.starts_with(question.prefix)) break;
    if (!question.after.empty() && key <= question.after) continue;
    const std::string group = group_of(key, question);
    // A page that ended with a common prefix continues behind everything under it.
    if (!group.empty() && (group == question.after || group == page.last)) continue;
    if (page.objects.size() + page.prefixes.size() >= question.max) {
      page.truncated = question.max > 0;
      break;
    }
    if (group.empty()) {
      page.objects.emplace_back(key, &at->second);
      page.last = key;
    } else {
      page.prefixes.push_back(group);
      page.last = group;
    }
  }
  return page;
}

}  // namespace

std::string Bucket::shown(std::string_view key, bool encoded) const {
  if (!encoded) return xml_escape(key);
  std::string text = encode(key, Slash::keep);
  if (!s3()) return text;
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 3, "%20") == 0) {
      result += '+';
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

HttpReply Bucket::list_objects(const HttpRequest& request, bool v2) const {
  Question question;
  question.prefix = text_parameter(request, "prefix");
  question.delimiter = text_parameter(request, "delimiter");
  question.max = std::min({number_parameter(request, "max-keys", 1000), std::uint32_t{1000}, options_.max_page});
  if (!s3() && question.delimiter.size() > 1) return error(400, "InvalidDelimiter", "One character only");
  const std::string encoding = text_parameter(request, "encoding-type");
  if (!encoding.empty() && encoding != "url") return error(400, "InvalidArgument", "Unknown encoding-type");
  const bool encoded = encoding == "url";
  const std::string* token = v2 ? request.parameter("continuation-token") : nullptr;
  if (token != nullptr) {
    const auto position = read_token(*token);
    if (!position) return error(400, "InvalidArgument", "The continuation token is incorrect");
    question.after = *position;
  } else {
    question.after = text_parameter(request, v2 ? "start-after" : "marker");
  }
  const Page page = make_page(listed_, question);

  std::string inner =
      fmt::format("<Name>{}</Name><Prefix>{}</Prefix><MaxKeys>{}</MaxKeys><IsTruncated>{}</IsTruncated>",
                  options_.bucket, shown(question.prefix, encoded), question.max, page.truncated);
  if (!question.delimiter.empty())
    inner += fmt::format("<Delimiter>{}</Delimiter>", shown(question.delimiter, encoded));
  if (encoded) inner += "<EncodingType>url</EncodingType>";
  if (v2) {
    inner += fmt::format("<KeyCount>{}</KeyCount>", page.objects.size() + page.prefixes.size());
    if (token != nullptr) inner += fmt::format("<ContinuationToken>{}</ContinuationToken>", *token);
    if (page.truncated)
      inner += fmt::format("<NextContinuationToken>{}</NextContinuationToken>", make_token(page.last));
  } else {
    inner += fmt::format("<Marker>{}</Marker>", shown(question.after, encoded));
    // S3 names the next marker only with a delimiter, COS always.
    if (page.truncated && (!s3() || !question.delimiter.empty())) {
      inner += fmt::format("<NextMarker>{}</NextMarker>", shown(page.last, encoded));
    }
  }
  for (const auto& [key, object] : page.objects) {
    inner += fmt::format(
        "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>&quot;{}&quot;</ETag><Size>{}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>",
        shown(key, encoded), iso_date(object->modified), object->etag, object->size);
  }
  for (const std::string& prefix : page.prefixes) {
    inner += fmt::format("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(prefix, encoded));
  }
  return xml("ListBucketResult", inner);
}

}  // namespace gantry::test::fake
