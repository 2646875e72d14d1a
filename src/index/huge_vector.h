#pragma once
// Large arrays that are read here and there.
#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <vector>

namespace mlgraph::index {

/// Asks for pages of 2 MiB, of which the processor finds more without a look into its tables; what
/// is smaller than a few of them comes from the heap as usual.
template <typename T>
struct HugeAllocator {
  using value_type = T;
  static constexpr std::size_t kPage = std::size_t{2} << 20;
  HugeAllocator() = default;
  template <typename U>
  explicit HugeAllocator(const HugeAllocator<U>&) {}

  T* allocate(std::size_t n) {
    const std::size_t bytes = n * sizeof(T);
    if (bytes < 4 * kPage) return static_cast<T*>(::operator new(bytes));
    void* at = std::aligned_alloc(kPage, (bytes + kPage - 1) / kPage * kPage);
    if (!at) throw std::bad_alloc();
    madvise(at, bytes, MADV_HUGEPAGE);  // a wish: without it everything works as well
    return static_cast<T*>(at);
  }
  void deallocate(T* at, std::size_t n) {
    if (n * sizeof(T) < 4 * kPage)
      ::operator delete(at);
    else
      std::free(at);
  }
  bool operator==(const HugeAllocator&) const { return true; }
};

template <typename T>
using HugeVector = std::vector<T, HugeAllocator<T>>;

}  // namespace mlgraph::index
