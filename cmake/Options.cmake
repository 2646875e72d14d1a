option(MLG_TESTS "build the tests" ON)
option(MLG_BENCH "build the benchmarks" OFF)
option(MLG_FUZZ "build the libFuzzer targets (clang)" OFF)
set(MLG_SANITIZE "" CACHE STRING "-fsanitize= value, e.g. address,undefined")

find_program(CCACHE ccache)
if(CCACHE)
  # Clones at different places share what was compiled: paths below the source are taken relative to it.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros ${CCACHE})
endif()

add_library(mlg_flags INTERFACE)
target_compile_options(mlg_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports a std::optional's payload as maybe uninitialised right behind its has_value() check.
  target_compile_options(mlg_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(mlg_flags INTERFACE -Wthread-safety)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Every anonymous namespace lies in an included file there: nothing is meant by it.
  target_compile_options(mlg_flags INTERFACE -Wno-subobject-linkage)
endif()
if(MLG_SANITIZE)
  add_compile_options(-fsanitize=${MLG_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MLG_SANITIZE})
  if(MLG_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
  if(MLG_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio uses fences, which g++ warns it cannot model
  endif()
endif()
