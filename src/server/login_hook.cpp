#include "server/login_hook.hpp"

#include <boost/json.hpp>

#include "async/child.hpp"
#include "async/event.hpp"
#include "async/program.hpp"
#include "base/text.hpp"
#include "http/client.hpp"

namespace gantry::server {
namespace {

namespace json = boost::json;

constexpr const char* operation = "login hook";
constexpr std::size_t longest_answer = 64 * kib;
/// Questions that wait for their turn; more are refused.
constexpr std::size_t longest_line = 64;

std::unexpected<Error> no_answer(std::string why) { return fail(Errc::unavailable, operation, std::move(why)); }

std::string question_of(const accounts::Login& attempt) {
  const json::object question{{"user", attempt.user},
                              {"password", attempt.password.reveal()},
                              {"address", attempt.peer_address},
                              {"encrypted", attempt.encrypted},
                              {"protocol", attempt.encrypted ? "ftps" : "ftp"}};
  return json::serialize(question);
}

/// Texts, numbers, flags and lists are written alike in both.
std::string to_toml(const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return json::serialize(value);
  std::string out;
  for (const auto& [key, item] : *object)
    out += (out.empty() ? " " : ", ") + json::serialize(json::value(key)) + " = " + to_toml(item);
  return "{" + out + " }";
}

}  // namespace

LoginHook::LoginHook(config::LoginHook settings, async::BlockingPool& pool, Read read)
    : settings_(std::move(settings)),
      pool_(pool),
      read_(std::move(read)),
      turns_(async::ByteBudget::create(settings_.at_once)) {}

Task<Result<accounts::Account>> LoginHook::ask(accounts::Login attempt) {
  if (!is_utf8(attempt.user) || !is_utf8(attempt.password.reveal()))
    co_return fail(Errc::denied, operation, "name or password is not UTF-8: JSON cannot ask about them");
  struct InLine {
    std::atomic<std::size_t>& count;
    std::size_t before = count.fetch_add(1);
    ~InLine() { count.fetch_sub(1); }
  } const place{in_line_};
  if (place.before >= settings_.at_once + longest_line) co_return fail(Errc::throttled, operation, "too many wait");
  const async::Lease turn = co_await turns_->acquire(1);
  if (turn.bytes() == 0) co_return fail(Errc::cancelled, operation);
  auto answer = co_await put(question_of(attempt));
  if (!answer) co_return no_answer(answer.error().text());
  co_return understand(*answer, attempt.user);
}

Task<Result<std::string>> LoginHook::put(std::string question) {
  const auto executor = co_await asio::this_coro::executor;
  Result<std::string> answer = fail(Errc::timed_out, operation);
  async::Event ended(executor);
  auto work = [&]() -> Task<void> {
    answer = settings_.program.empty() ? co_await put_to_server(std::move(question))
                                       : co_await put_to_program(std::move(question));
  };
  async::Child child(executor, operation, work(), [&] { ended.notify(); });
  const auto deadline = SteadyClock::now() + settings_.timeout;
  const bool in_time = !child.running() || co_await ended.wait_until(deadline);
  child.cancel();
  co_await child.join();
  if (!in_time) co_return fail(Errc::timed_out, operation, "no answer in time");
  co_return answer;
}

Task<Result<std::string>> LoginHook::put_to_program(std::string question) {
  return async::run_program(pool_, settings_.program, std::move(question), longest_answer);
}

Task<Result<std::string>> LoginHook::put_to_server(std::string question) {
  const std::size_t path = settings_.url.find('/', settings_.url.find("://") + 3);
  const auto origin = http::parse_origin(std::string_view(settings_.url).substr(0, path));
  if (!origin) co_return no_answer("login_hook.url is not a URL");
  // Never by a proxy of the environment: what is asked holds passwords.
  auto client = http::make_client(co_await asio::this_coro::executor, *origin,
                                  {.ca_file = settings_.ca_file, .max_connections = 1}, pool_);
  if (!client) co_return fail(std::move(client.error()));
  http::Request request{.method = "POST",
                        .target = path == std::string::npos ? "/" : settings_.url.substr(path),
                        .headers = {{"Content-Type", "application/json"}, {"Connection", "close"}},
                        .body = {as_byte_view(question)},
                        .repeatable = false};
  auto response = co_await (*client)->send(std::move(request));
  if (!response) co_return fail(std::move(response.error()));
  if ((*response)->status() != 200) co_return no_answer("status " + std::to_string((*response)->status()));
  co_return co_await (*response)->read_all(longest_answer);
}

Result<accounts::Account> LoginHook::understand(const std::string& answer, const std::string& user) const {
  boost::system::error_code error;
  const json::value value = json::parse(answer, error);
  const json::object* fields = error ? nullptr : value.if_object();
  if (fields == nullptr) return no_answer("the answer is not a JSON object");
  const json::value* allow = fields->if_contains("allow");
  if (allow == nullptr || !allow->is_bool()) return no_answer(R"(the answer has no "allow" that is true or false)");
  if (!allow->get_bool()) return fail(Errc::denied, operation, "refused");
  std::map<std::string, std::string> settings;
  for (const auto& [key, item] : *fields)
    if (key != "allow" && !item.is_null()) settings.emplace(std::string(key), to_toml(item));
  auto account = read_(user, settings);
  if (!account) return fail(Errc::denied, operation, "the answer: " + account.error().detail);
  return account;
}

}  // namespace gantry::server
