// Boost.JSON, compiled once: the library of that name is then not needed.
#include <boost/json/src.hpp>
