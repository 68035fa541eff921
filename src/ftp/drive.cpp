#include "ftp/drive.hpp"

#include <algorithm>

namespace gantry::ftp {
namespace {

// Milliseconds. The longest is how soon a request to stop is seen.
constexpr int shortest_wait = 1;
constexpr int longest_wait = 128;

/// Of the only handle there is.
CURLcode result_of(CURLM* multi) {
  int left = 0;
  for (const CURLMsg* message = curl_multi_info_read(multi, &left); message != nullptr;
       message = curl_multi_info_read(multi, &left))
    if (message->msg == CURLMSG_DONE) return message->data.result;
  return CURLE_OK;
}

}  // namespace

CURLcode drive(CURLM* multi, CURL* easy) {
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode result = CURLE_FAILED_INIT;
  int wait = shortest_wait;
  for (int running = 1; running > 0;) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    if (running == 0) {
      result = result_of(multi);
      break;
    }
    int ready = 0;
    if (curl_multi_poll(multi, nullptr, 0, wait, &ready) != CURLM_OK) break;
    // What libcurl does not watch must not take much longer than it has taken so far.
    wait = ready > 0 ? shortest_wait : std::min(wait * 2, longest_wait);
  }
  curl_multi_remove_handle(multi, easy);
  return result;
}

}  // namespace gantry::ftp
