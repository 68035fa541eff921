#include "base/password_hash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace gantry {
namespace {

constexpr std::array<std::string_view, 14> whole{
    "$argon2id$v=19$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$argon2i$v=19$m=4096,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
    "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0",
    "$apr1$k2XAnEHB$x21dudHrAHOCZqiw.N3zL1",
    "$5$rounds=1000$k2XAnEHBqQ1Ct2aM$jgOl0V/Vic8BJZ4wBDLE5hPwrxO8FWvvQqq4b1wm6k0",
    "$5$k2XAnEHBqQ1Ct2aM$jgOl0V/Vic8BJZ4wBDLE5hPwrxO8FWvvQqq4b1wm6k0",
    "$6$rounds=1000$k2XAnEHBqQ1Ct2aM$Kusx4StgTAJKgtQ8A1Ud4OEtpvLZ/2wzq/Tix/"
    "qeeqdrvuTHgR6KFuCyOP4TNp5lvuV.tmBxpDTp10bqrWJyv1",
    "$y$j75$k2XAnEHBqQ1Ct2aMXFKNa/$Tg4ZRR7tz/WRlmYbADZh9OJYakPewgSPQqW55EXAJ14",
    "$gy$j75$k2XAnEHBqQ1Ct2aMXFKNa/$O2VXkrrbK/nrZECj6gzoetucyvBE.tkY7fQCPxGaah8",
    "$7$BU..../....k2XAnEHBqQ1Ct2aMXFKNa/$kHfmBJfFPI.rM/W7nSK4N.f7gXsq7U/kUJaT.MJMLuC",
    "$2a$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
    "$2b$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
    "$2y$04$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
    "$sha1$842$qI1BtUnBX7KM$QBQD0g9VsbZDVnSUTidBTu7wxEbO"};

TEST(PasswordHash, WholeOnesAreIntactAndCutOnesAreNot) {
  for (const std::string_view hash : whole) {
    EXPECT_TRUE(is_password_hash(hash)) << hash;
    EXPECT_TRUE(is_intact_password(hash)) << hash;
    for (std::size_t size = password_scheme(hash).size(); size < hash.size(); ++size)
      EXPECT_FALSE(is_intact_password(hash.substr(0, size))) << hash.substr(0, size);
    EXPECT_FALSE(is_intact_password(std::string(hash) + "x")) << hash;
    EXPECT_FALSE(is_intact_password(std::string(hash) + " ")) << hash;
    std::string altered(hash);
    altered.back() = ':';
    EXPECT_FALSE(is_intact_password(altered)) << altered;
  }
}

TEST(PasswordHash, WrongFieldsAreSeen) {
  for (const char* damaged :
       {"$2b$99$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.",
        "$2b$4x$KBCwKxOzLha2MUDgW0PjXe/hE/UCO9qF89dOydoHjSwxcHev5LRn.", "$1$muchtoolongsalt$rbDfQq368qWY4bas.D3Ac0",
        "$5$round=1000$k2XAnEHBqQ1Ct2aM$jgOl0V/Vic8BJZ4wBDLE5hPwrxO8FWvvQqq4b1wm6k0",
        "$argon2id$v=16$m=65536,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
        "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
        "$argon2id$v=19$m=65536,t=,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
        "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g"})
    EXPECT_FALSE(is_intact_password(damaged)) << damaged;
}

TEST(PasswordHash, PlainTextIsWhatItIs) {
  for (const char* plain : {"secret", "$dollars$", "", "$", "$6", "$md5$x$y"}) {
    EXPECT_FALSE(is_password_hash(plain)) << plain;
    EXPECT_TRUE(is_intact_password(plain)) << plain;
  }
}

}  // namespace
}  // namespace gantry
