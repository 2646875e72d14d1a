# The dashboard as a source of the daemon: dashboard/ built with npm, its files as bytes. What is made stands in build/dashboard
# and serves every preset; tools/build.mjs makes it anew only when a source has changed. Without npm, or with
# MLG_DASHBOARD=OFF, the daemon's page says that it was built without.
option(MLG_DASHBOARD "build the dashboard into the daemon (needs Node 18 and npm)" ON)

function(mlg_dashboard target)
  find_program(NODE_PROGRAM node)
  find_program(NPM_PROGRAM npm)
  set(node_version 0)
  if(NODE_PROGRAM)
    execute_process(COMMAND ${NODE_PROGRAM} -p process.versions.node OUTPUT_VARIABLE node_version OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  if(NOT MLG_DASHBOARD OR NOT NPM_PROGRAM OR node_version VERSION_LESS 18)
    if(MLG_DASHBOARD)
      message(WARNING "built without the dashboard: it needs npm and Node 18 or newer (found: '${node_version}')")
    endif()
    target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/no_dashboard.cc)
    return()
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/dashboard/src/* ${CMAKE_SOURCE_DIR}/sdk/typescript/src/*.ts)
  set(folder ${CMAKE_SOURCE_DIR}/dashboard)
  list(APPEND sources ${folder}/index.html ${folder}/package.json ${folder}/package-lock.json ${folder}/tsconfig.json
       ${folder}/vite.config.ts ${folder}/tools/build.mjs ${folder}/tools/embed.mjs)
  set(made ${CMAKE_SOURCE_DIR}/build/dashboard/dashboard_files.cc)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${NODE_PROGRAM} ${folder}/tools/build.mjs ${made}
    DEPENDS ${sources}
    COMMENT "dashboard"
    VERBATIM)
  target_sources(${target} PRIVATE ${made})
endfunction()
