#include "server/check.hpp"

#include <boost/asio/io_context.hpp>

#include "async/child.hpp"
#include "server/storage.hpp"
#include "server/wire.hpp"

namespace gantry::server {

std::vector<std::string> check_stores(const config::Config& config) {
  std::vector<std::string> problems;
  if (auto tls = make_tls(config); !tls)
    problems.push_back(tls.error().text());
  else if (*tls && (*tls)->expired())
    problems.push_back("tls.certificate: " + (*tls)->describe());
  asio::io_context context(1);
  Shared shared(config);  // its pool posts to the context and must be gone before it
  // A file is not made here: whoever checks may not be who serves.
  if (config.server.state.starts_with("postgres"))
    if (auto opened = open_state(config, shared); !opened) problems.push_back(opened.error().text());
  auto storage = Storage::create(config, shared, context.get_executor());
  if (!storage) {
    problems.push_back(storage.error().text());
    return problems;
  }
  auto probe = [&]() -> Task<void> {
    auto found = co_await (*storage)->probe();
    problems.insert(problems.end(), found.begin(), found.end());
  };
  async::Child child(context.get_executor(), "probe", probe());
  context.run();
  return problems;
}

}  // namespace gantry::server
