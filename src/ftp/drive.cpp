#include "ftp/drive.hpp"

namespace gantry::ftp {
namespace {

constexpr int longest_wait = 200;  // milliseconds: so soon is a request to stop seen
constexpr int shortest_wait = 1;   // where libcurl names nothing to wait for

/// The result of the only handle there is; `fallback` when libcurl does not say.
CURLcode result_of(CURLM* multi, CURLcode fallback) {
  int left = 0;
  for (const CURLMsg* message = curl_multi_info_read(multi, &left); message != nullptr;
       message = curl_multi_info_read(multi, &left))
    if (message->msg == CURLMSG_DONE) return message->data.result;
  return fallback;
}

}  // namespace

CURLcode drive(CURLM* multi, CURL* easy) {
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode result = CURLE_FAILED_INIT;
  for (int running = 1; running > 0;) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    int ready = 0;
    if (running > 0 && curl_multi_wait(multi, nullptr, 0, longest_wait, &ready) != CURLM_OK) break;
    // curl_multi_wait() returns at once where it has nothing to wait for.
    if (running > 0 && ready == 0) curl_multi_poll(multi, nullptr, 0, shortest_wait, nullptr);
    if (running == 0) result = result_of(multi, CURLE_OK);
  }
  curl_multi_remove_handle(multi, easy);
  return result;
}

}  // namespace gantry::ftp
