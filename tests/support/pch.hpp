// The precompiled header of the tests of rooms that use Boost.Asio.
#pragma once

#include "async/pch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
