# mlg_module(NAME DEPENDS modules… LIBS libraries…): src/NAME as one static library.
# A module's *main.cc is its program's entry, kept out of the library.
function(mlg_module name)
  cmake_parse_arguments(A "" "" "DEPENDS;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
  list(FILTER sources EXCLUDE REGEX "main\\.cc$")
  if(NOT sources)
    set(sources ${CMAKE_SOURCE_DIR}/cmake/empty.cc)
  endif()
  add_library(mlg_${name} STATIC ${sources})
  target_include_directories(mlg_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM A_DEPENDS PREPEND mlg_ OUTPUT_VARIABLE targets)
  target_link_libraries(mlg_${name} PUBLIC ${targets} ${A_LIBS} PRIVATE mlg_flags)
  set_property(GLOBAL APPEND_STRING PROPERTY MLG_MODULE_TABLE "${name}: ${A_DEPENDS}\n")
endfunction()

# mlg_program(NAME MODULE m): src/m/main.cc as an executable.
function(mlg_program name)
  cmake_parse_arguments(A "" "MODULE" "" ${ARGN})
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/${A_MODULE}/main.cc)
    add_executable(${name} ${CMAKE_SOURCE_DIR}/src/${A_MODULE}/main.cc)
    target_link_libraries(${name} PRIVATE mlg_${A_MODULE} mlg_flags)
  endif()
endfunction()
