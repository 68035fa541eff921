// The one source file that compiles Beast's separately compiled parts.
#include <boost/beast/src.hpp>
