#pragma once
// Checks for bugs in our own code. Outside input is answered with an Error instead.
namespace mlgraph::base {
/// Prints the failed condition with its place to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace mlgraph::base

#define MLG_CHECK(cond) \
  ((cond) ? static_cast<void>(0) : ::mlgraph::base::check_failed(#cond, __FILE__, __LINE__))
#ifdef NDEBUG
#define MLG_DCHECK(cond) static_cast<void>(0)
#else
#define MLG_DCHECK(cond) MLG_CHECK(cond)
#endif
