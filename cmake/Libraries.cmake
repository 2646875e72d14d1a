# Debian's packages as imported targets, their headers as SYSTEM.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(OpenMP REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(CLI11 REQUIRED)

function(mlg_library name)
  cmake_parse_arguments(A "" "HEADER" "LIBS;DEFINES" ${ARGN})
  add_library(${name} INTERFACE)
  find_path(${name}_INCLUDE ${A_HEADER} REQUIRED)
  target_link_libraries(${name} INTERFACE ${A_LIBS})
  target_compile_definitions(${name} INTERFACE ${A_DEFINES})
endfunction()

mlg_library(tl_expected HEADER tl/expected.hpp)
mlg_library(boost_json HEADER boost/json.hpp LIBS boost_json DEFINES BOOST_JSON_DYN_LINK)
# One Asio configuration for the whole program: compiled in every user, no deprecated names.
mlg_library(boost_net HEADER boost/beast.hpp LIBS Threads::Threads
            DEFINES BOOST_ASIO_NO_DEPRECATED BOOST_BEAST_ALLOW_DEPRECATED BOOST_ASIO_DISABLE_CONCEPTS)
mlg_library(rocksdb HEADER rocksdb/db.h LIBS rocksdb)
mlg_library(sodium HEADER sodium.h LIBS sodium)
mlg_library(zlib HEADER zlib.h LIBS z)
mlg_library(uring HEADER liburing.h LIBS uring)
mlg_library(faiss_trainer HEADER faiss/Clustering.h LIBS faiss OpenMP::OpenMP_CXX openblas)
mlg_library(hnswlib HEADER hnswlib/hnswlib.h)
# The names above would otherwise be read as the targets themselves.
set_property(TARGET boost_json PROPERTY INTERFACE_LINK_LIBRARIES -lboost_json)
set_property(TARGET rocksdb PROPERTY INTERFACE_LINK_LIBRARIES -lrocksdb)
set_property(TARGET sodium PROPERTY INTERFACE_LINK_LIBRARIES -lsodium)
set_property(TARGET uring PROPERTY INTERFACE_LINK_LIBRARIES -luring)
