# SPDX-License-Identifier: Apache-2.0
# The CMakeLists.txt of that somebody.
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES C)
find_package(anput 0.1 REQUIRED)
add_executable(outside outside.c)
target_link_libraries(outside anput::anput)
add_executable(outside_rt outside.c)
target_compile_definitions(outside_rt PRIVATE RUNTIME_ONLY)
target_link_libraries(outside_rt anput::rt)
