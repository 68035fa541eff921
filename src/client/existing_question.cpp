#include "client/existing_question.hpp"

#include <fmt/format.h>

#include <memory>
#include <mutex>

#include "terminal/question.hpp"
#include "terminal/screen.hpp"
#include "terminal/text.hpp"

namespace gantry::client {
namespace {

using terminal::Answer;
using transfer::Existing;

struct Said {
  std::mutex mutex;  ///< held while a question stands: who waits for it may find that its answer was for all
  bool all = false;
};

}  // namespace

std::function<Existing(const std::string& question)> existing_question(Session& session) {
  if (!terminal::answers()) return {};
  return [said = std::make_shared<Said>(), &stop = session.stop()](const std::string& question) {
    const std::scoped_lock lock(said->mutex);
    if (said->all) return Existing::overwrite;
    if (stop) return Existing::skip;
    const Answer answer = terminal::ask_each(fmt::format("{}. Replace it?", terminal::printable(question)), stop);
    said->all = answer == Answer::all;
    if (answer == Answer::quit) stop = true;
    return answer == Answer::yes || answer == Answer::all ? Existing::overwrite : Existing::skip;
  };
}

}  // namespace gantry::client
