# gantry_room(NAME [ASIO] LINK libs...): one folder of src/ is one static library.
# ASIO: the room may use Boost.Asio and shares the precompiled header.
function(gantry_room name)
  cmake_parse_arguments(ROOM "ASIO" "" "LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(gantry_${name} STATIC ${sources})
  set_target_properties(gantry_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(gantry_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(gantry_${name} PUBLIC ${ROOM_LINK})
  if(ROOM_ASIO AND NOT name STREQUAL "async")
    target_precompile_headers(gantry_${name} REUSE_FROM gantry_async)
  endif()
endfunction()

# gantry_test(NAME LINK libs... SOURCES files...): one GoogleTest program, run by ctest.
function(gantry_test name)
  cmake_parse_arguments(TEST "" "" "LINK;SOURCES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PRIVATE ${TEST_LINK} GTest::gmock GTest::gtest GTest::gtest_main)
  # Programs would be built with -fPIE, but the precompiled header of the libraries is -fPIC.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_compile_definitions(${name} PRIVATE GANTRY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
