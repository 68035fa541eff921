#include "config/vsftpd_conf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/print.hpp"

namespace gantry::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string file = "conf/vsftpd.conf";

std::vector<std::string> formatted(const std::vector<Problem>& problems) {
  std::vector<std::string> out;
  for (const Problem& problem : problems) out.push_back(format(problem));
  return out;
}

Loaded load(const std::string& text) {
  auto loaded = load_text(text, file);
  EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : ::testing::PrintToString(formatted(loaded.error())));
  return loaded ? *std::move(loaded) : Loaded{};
}

std::vector<std::string> errors_of(const std::string& text) {
  const auto loaded = load_text(text, file);
  return loaded ? std::vector<std::string>{} : formatted(loaded.error());
}

std::vector<std::string> warnings_of(const std::string& text) { return formatted(load(text).warnings); }

/// The least an account of the new dialect needs, with another number in its section's name, user and bucket.
std::string account(const std::string& number = "0", const std::string& more = "") {
  return "[COS_ACCOUNT_" + number + "]\ncos_secretid = AKIDone\ncos_secretkey = keyone\ncos_bucket = files" + number +
         "-1250000000\ncos_region = ap-guangzhou\nhome_dir = /home/user" + number + "\nftp_login_user_name=user" +
         number + "\nftp_login_user_password=$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0\nauthority=RW\n" + more;
}

const std::string new_dialect = R"(# 每个用户一个存储桶
[COS_ACCOUNT_0]
cos_secretid = AKIDzero         # 密钥在控制台
cos_secretkey = secretzero
cos_bucket = first-1250000000   ; the one in the south
cos_region = ap-guangzhou
cos_protocol = HTTPS
#cos_endpoint = cos.ap-guangzhou.myqcloud.com
home_dir = /home/user0
ftp_login_user_name=user0
ftp_login_user_password=pass0
authority=RW
delete_enable=true      # 允许删除

[COS_ACCOUNT_1]
cos_secretid=AKIDone
cos_secretkey=secretone
cos_bucket=second-1250000000
cos_region=ap-xxx
cos_protocol = http
cos_endpoint = 127.0.0.1:9000
home_dir = /home/user1
ftp_login_user_name=사용자
ftp_login_user_password=비밀 번호
authority=R
delete_enable=no
cos_prefix = users/one
quota_bytes = 10GiB
max_upload = 300KiB/s
max_download = 1000
cos_token = token

[NETWORK]
masquerade_address = 203.0.113.9
listen_port = 2122
passive_port = 50000,50100

[FILE_OPTION]
single_file_max_size = 21474836480

[OPTIONAL]
min_part_size       = 16777216
upload_thread_num   = 8
max_connection_num  = 0
max_list_file       = 10000     # 太大会很慢
log_level           = Debug
log_dir             = Log
config_check_enable = true
log_rotate_enabled = true
log_rotate_when = H
log_backup_count = 7
interrupted_upload = keep

[TLS]
certificate = cert.pem
key = key.pem
required = yes
)";

TEST(VsftpdConf, ReadsTheNewDialect) {
  const Loaded loaded = load(new_dialect);
  const Config& config = loaded.config;
  ASSERT_EQ(config.stores.size(), 2U);
  EXPECT_EQ(config.stores[0].type, StoreType::cos);
  EXPECT_EQ(config.stores[0].bucket, "first-1250000000");
  EXPECT_EQ(config.stores[0].region, "ap-guangzhou");
  EXPECT_EQ(config.stores[0].endpoint, "");
  EXPECT_EQ(config.stores[0].access_key, "AKIDzero");
  EXPECT_EQ(config.stores[0].secret_key.reveal(), "secretzero");
  EXPECT_EQ(config.stores[1].endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(config.stores[1].region, "");
  EXPECT_EQ(config.stores[1].session_token.reveal(), "token");
  ASSERT_EQ(config.users.size(), 2U);
  EXPECT_EQ(config.users[0].home, (Mount{"first-1250000000", "/"}));
  EXPECT_EQ(config.users[0].permissions, "elradfmwMT");
  EXPECT_TRUE(config.users[0].delete_enable);
  const User& second = config.users[1];
  EXPECT_EQ(second.name, "사용자");
  EXPECT_EQ(second.password.reveal(), "비밀 번호");
  EXPECT_EQ(second.home, (Mount{"second-1250000000", "/users/one"}));
  EXPECT_EQ(second.permissions, "elr");
  EXPECT_FALSE(second.delete_enable);
  EXPECT_EQ(second.quota_bytes, 10 * gib);
  EXPECT_EQ(second.max_upload, 300 * kib);
  EXPECT_EQ(second.max_download, 1000U);
}

TEST(VsftpdConf, ReadsTheSettingsOfTheServer) {
  const Config config = load(new_dialect).config;
  EXPECT_EQ(config.server.masquerade_address, "203.0.113.9");
  EXPECT_EQ(config.server.listen, (std::vector<ListenAddress>{{"0.0.0.0", 2122}}));
  EXPECT_EQ(config.server.passive_ports, (PortRange{50000, 50100}));
  EXPECT_EQ(config.server.max_sessions, 0U);
  EXPECT_EQ(config.server.max_list_entries, 10000U);
  EXPECT_EQ(config.transfer.max_file_size, 20 * gib);
  EXPECT_EQ(config.transfer.part_size, 16 * mib);
  EXPECT_EQ(config.transfer.parts_in_flight, 8U);
  EXPECT_EQ(config.transfer.interrupted_upload, InterruptedUpload::keep);
  EXPECT_EQ(config.log.level, log::Level::debug);
  EXPECT_EQ(config.log.rotate, LogRotation::hour);
  EXPECT_EQ(config.log.keep_files, 7U);
  EXPECT_TRUE(config.tls.required);
}

TEST(VsftpdConf, PathsBeginAboveTheDirectoryConf) {
  const std::filesystem::path base = std::filesystem::current_path();
  const Config config = load(new_dialect).config;
  EXPECT_EQ(config.log.directory, (base / "Log").string()) << "and keep their case";
  EXPECT_EQ(config.tls.certificate, (base / "cert.pem").string());
  const auto elsewhere = load_text(account(), "/etc/gantry/vsftpd.conf");
  ASSERT_TRUE(elsewhere.has_value());
  EXPECT_EQ(elsewhere->config.log.directory, "/etc/gantry/log");
}

TEST(VsftpdConf, ReadsTheOldDialect) {
  const Config config = load(R"([COS_ACCOUNT]
cos_secretid = AKIDone					# secretid和secretkey
cos_secretkey = keyone
cos_bucket = files-1250000000
cos_region = ap-guangzhou
cos_user_home_dir = /home/cos_ftp/data   # 工作目录
delete_enable = false
[FTP_ACCOUNT]
login_users = user1:pa:ss1:RW; user2:pass2:R ;
  user3:pass3:W   # 多个账户用分号分割
)")
                            .config;
  ASSERT_EQ(config.stores.size(), 1U);
  ASSERT_EQ(config.users.size(), 3U);
  EXPECT_EQ(config.users[0].name, "user1");
  EXPECT_EQ(config.users[0].password.reveal(), "pa:ss1");
  EXPECT_EQ(config.users[1].permissions, "elr");
  EXPECT_EQ(config.users[2].password.reveal(), "pass3");
  EXPECT_EQ(config.users[2].permissions, "eadfmwMT");
  for (const User& user : config.users) {
    EXPECT_EQ(user.home, (Mount{"files-1250000000", "/"}));
    EXPECT_FALSE(user.delete_enable);
  }
}

TEST(VsftpdConf, WhatIsNotSetHasTheToolsDefaults) {
  const Loaded loaded = load(account());
  const Config& config = loaded.config;
  EXPECT_EQ(config.server.listen, (std::vector<ListenAddress>{{"0.0.0.0", 2121}}));
  EXPECT_EQ(config.server.passive_ports, (PortRange{60000, 65535}));
  EXPECT_EQ(config.server.max_sessions, 512U);
  EXPECT_EQ(config.server.max_list_entries, 0U) << "the whole directory";
  EXPECT_EQ(config.transfer.max_file_size, 200 * gib);
  EXPECT_EQ(config.transfer.interrupted_upload, InterruptedUpload::hold);
  EXPECT_EQ(config.log.level, log::Level::info);
  EXPECT_TRUE(config.users[0].delete_enable);
  EXPECT_GT(config.server.memory_budget, 0U);
  EXPECT_THAT(formatted(loaded.warnings), IsEmpty());
}

TEST(VsftpdConf, TheWordDefaultLeavesTheDefaults) {
  const Config defaults = load(account()).config;
  const Config config = load(account("0",
                                     "[OPTIONAL]\nmin_part_size = default\nupload_thread_num = default\n"
                                     "max_connection_num = default\nmax_list_file = DEFAULT\n"))
                            .config;
  EXPECT_EQ(config, defaults);
}

TEST(VsftpdConf, OnePassivePortMeansUpToTheLast) {
  EXPECT_EQ(load(account("0", "[NETWORK]\npassive_port = 50000\n")).config.server.passive_ports,
            (PortRange{50000, 65535}));
}

TEST(VsftpdConf, LogRotationHasASwitch) {
  const auto rotation = [](const std::string& lines) {
    return load(account("0", "[OPTIONAL]\n" + lines)).config.log.rotate;
  };
  EXPECT_EQ(rotation("log_rotate_enabled = false\nlog_rotate_when = D\n"), LogRotation::never);
  EXPECT_EQ(rotation("log_rotate_enabled = true\n"), LogRotation::day);
  EXPECT_EQ(rotation("log_rotate_when = s\n"), LogRotation::second);
  EXPECT_EQ(rotation("log_rotate_when = M\nlog_rotate_enabled = 1\n"), LogRotation::minute);
}

TEST(VsftpdConf, HomeDirectoriesAreNotedOnceAndTheCheckToo) {
  const auto notes = formatted(load(account("0") + account("1") + "[OPTIONAL]\nconfig_check_enable = true\n").notes);
  EXPECT_THAT(notes, ElementsAre(HasSubstr("conf/vsftpd.conf:6:1: COS_ACCOUNT_0.home_dir: is not needed"),
                                 HasSubstr("OPTIONAL.config_check_enable: is no longer needed")));
}

TEST(VsftpdConf, AccountsWithTheSameBucketAndKeysShareAStore) {
  std::string second = account("0", "cos_prefix = /two\n");
  second.replace(second.find("[COS_ACCOUNT_0]"), 15, "[COS_ACCOUNT_9]");
  second.replace(second.find("user_name=user0"), 15, "user_name=user9");
  Config config = load(account("0") + second).config;
  ASSERT_EQ(config.stores.size(), 1U);
  ASSERT_EQ(config.users.size(), 2U);
  EXPECT_EQ(config.users[1].home, (Mount{"files0-1250000000", "/two"}));
  second.replace(second.find("keyone"), 6, "keytwo");
  config = load(account("0") + second).config;
  ASSERT_EQ(config.stores.size(), 2U);
  EXPECT_EQ(config.stores[1].name, "files0-1250000000.2");
  EXPECT_EQ(config.users[1].home.store, "files0-1250000000.2");
}

TEST(VsftpdConf, ManyUsersAreFine) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += account(std::to_string(i));
  EXPECT_EQ(load(text).config.users.size(), 300U);
}

TEST(VsftpdConf, ReadsWindowsLineEndsByteOrderMarkAndUpperCaseKeys) {
  std::string text = "\xEF\xBB\xBF";
  for (char c : account()) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  text.replace(text.find("authority"), 9, "AUTHORITY");
  EXPECT_EQ(load(text).config.users.at(0).permissions, "elradfmwMT");
}

TEST(VsftpdConf, KnowsItsFilesFromGantrysOwn) {
  EXPECT_TRUE(is_vsftpd_conf("# x\n [ NETWORK ]\n", "settings.ini"));
  EXPECT_TRUE(is_vsftpd_conf("[COS_ACCOUNT_7]\n", "a"));
  EXPECT_TRUE(is_vsftpd_conf("", "a.conf"));
  EXPECT_FALSE(is_vsftpd_conf("[server]\n", "gantry.toml"));
}

TEST(VsftpdConf, WarnsOfWhatItLeavesOut) {
  EXPECT_THAT(
      warnings_of(account("0", "colour = red\nautority = R\n") +
                  "[NETWROK]\nx = 1\n[NETWORK]\nmasquerade_address = XXX.XXX.XXX.XXX\npassive_address = 1.2.3.4\n"),
      ElementsAre("conf/vsftpd.conf:10:1: COS_ACCOUNT_0.colour: is not known and left out",
                  "conf/vsftpd.conf:11:1: COS_ACCOUNT_0.autority: is not known and left out; did you mean authority?",
                  "conf/vsftpd.conf:12:1: NETWROK: there is no such section; it is left out; did you mean NETWORK?",
                  HasSubstr("conf/vsftpd.conf:15:1: NETWORK.masquerade_address: \"XXX.XXX.XXX.XXX\" is the example's"),
                  HasSubstr("conf/vsftpd.conf:16:1: NETWORK.passive_address: is not known and left out")));
}

TEST(VsftpdConf, WarnsOfLimitsItCannotKeep) {
  const Loaded loaded = load(account("0", "[OPTIONAL]\nupload_thread_num = 100\nmin_part_size = 1000\n"));
  EXPECT_EQ(loaded.config.transfer.parts_in_flight, 64U);
  EXPECT_EQ(loaded.config.transfer.part_size, mib);
  EXPECT_THAT(formatted(loaded.warnings),
              ElementsAre(HasSubstr("100 counts as 64"), HasSubstr("1000 counts as 1048576")));
}

TEST(VsftpdConf, WarnsOnceOfPlainPasswordsAndOfCutOnes) {
  std::string text = account("0") + account("1");
  for (std::size_t at = 0; (at = text.find("$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0", at)) != std::string::npos;)
    text.replace(at, 12, "plain # x");
  EXPECT_THAT(warnings_of(text), ElementsAre(HasSubstr("is plain text, as are those of 1 more user;"),
                                             HasSubstr("ftp_login_user_password: what follows a blank and # or ;"),
                                             HasSubstr("ftp_login_user_password: what follows a blank and # or ;")));
}

TEST(VsftpdConf, WarnsOfRepeatedKeysAndSections) {
  const Loaded loaded = load(account("0", "authority=R\n[NETWORK]\nlisten_port=1\n[NETWORK]\nlisten_port=2\n"));
  EXPECT_EQ(loaded.config.users.at(0).permissions, "elr");
  EXPECT_EQ(loaded.config.server.listen.at(0).port, 2);
  EXPECT_EQ(loaded.warnings.size(), 3U);
}

TEST(VsftpdConf, ReportsAllWrongValuesAtOnce) {
  EXPECT_THAT(
      errors_of(R"([COS_ACCOUNT_0]
cos_secretid = XXXXXX
cos_secretkey = keyone
cos_bucket = {bucket name}-123
cos_region = ap-xxx
cos_protocol = ftp
ftp_login_user_name=user0
authority=rw
delete_enable=maybe
quota_bytes = much
max_upload = fast
[COS_ACCOUNT_1]
cos_bucket = nonumber
cos_endpoint = http://a b
cos_prefix = a/../b
[NETWORK]
masquerade_address = a b
listen_port = 21x
passive_port = 9,8
[FILE_OPTION]
single_file_max_size = big
[OPTIONAL]
min_part_size = x
upload_thread_num = 0
max_connection_num = -1
log_level = LOUD
log_rotate_when = W
log_rotate_enabled = perhaps
interrupted_upload = maybe
nonsense
)"),
      ElementsAre("conf/vsftpd.conf:1:1: COS_ACCOUNT_0.ftp_login_user_password: is missing",
                  "conf/vsftpd.conf:2:1: COS_ACCOUNT_0.cos_secretid: still holds the example's placeholder; fill in "
                  "your own",
                  "conf/vsftpd.conf:4:1: COS_ACCOUNT_0.cos_bucket: \"{bucket name}-123\" is not a bucket; write "
                  "{name}-{appid}, e.g. examplebucket-1250000000",
                  "conf/vsftpd.conf:5:1: COS_ACCOUNT_0.cos_region: \"ap-xxx\" is the example's placeholder; write e.g. "
                  "ap-guangzhou",
                  "conf/vsftpd.conf:6:1: COS_ACCOUNT_0.cos_protocol: \"ftp\" is not one of https, http",
                  "conf/vsftpd.conf:8:1: COS_ACCOUNT_0.authority: \"rw\" is not one of R, W, RW",
                  "conf/vsftpd.conf:9:1: COS_ACCOUNT_0.delete_enable: \"maybe\" is neither true nor false",
                  HasSubstr("conf/vsftpd.conf:10:1: COS_ACCOUNT_0.quota_bytes: \"much\" is not an amount of bytes"),
                  HasSubstr("conf/vsftpd.conf:11:1: COS_ACCOUNT_0.max_upload: \"fast\" is not a rate"),
                  "conf/vsftpd.conf:12:1: COS_ACCOUNT_1.authority: is missing",
                  "conf/vsftpd.conf:12:1: COS_ACCOUNT_1.cos_secretid: is missing",
                  "conf/vsftpd.conf:12:1: COS_ACCOUNT_1.cos_secretkey: is missing",
                  "conf/vsftpd.conf:12:1: COS_ACCOUNT_1.ftp_login_user_name: is missing",
                  "conf/vsftpd.conf:12:1: COS_ACCOUNT_1.ftp_login_user_password: is missing",
                  HasSubstr("conf/vsftpd.conf:13:1: COS_ACCOUNT_1.cos_bucket: \"nonumber\" is not a bucket"),
                  "conf/vsftpd.conf:14:1: COS_ACCOUNT_1.cos_endpoint: \"http://a b\" is not an endpoint; write HOST, "
                  "HOST:PORT or http(s)://HOST[:PORT]",
                  HasSubstr("conf/vsftpd.conf:15:1: COS_ACCOUNT_1.cos_prefix: \"/a/../b\" holds an empty"),
                  HasSubstr("conf/vsftpd.conf:17:1: NETWORK.masquerade_address: \"a b\" is neither"),
                  "conf/vsftpd.conf:18:1: NETWORK.listen_port: \"21x\" is not a port; write a number from 1 to 65535",
                  HasSubstr("conf/vsftpd.conf:19:1: NETWORK.passive_port: \"9,8\" is not a range of ports"),
                  HasSubstr("conf/vsftpd.conf:21:1: FILE_OPTION.single_file_max_size: \"big\" is not an amount"),
                  HasSubstr("conf/vsftpd.conf:23:1: OPTIONAL.min_part_size: \"x\" is not a number of bytes"),
                  "conf/vsftpd.conf:24:1: OPTIONAL.upload_thread_num: \"0\" is not a whole number from 1 to 64, nor "
                  "the word default",
                  HasSubstr("conf/vsftpd.conf:25:1: OPTIONAL.max_connection_num: \"-1\" is not a whole number"),
                  HasSubstr("conf/vsftpd.conf:26:1: OPTIONAL.log_level: \"LOUD\" is not one of DEBUG, INFO"),
                  "conf/vsftpd.conf:27:1: OPTIONAL.log_rotate_when: \"W\" is not one of S, M, H, D",
                  "conf/vsftpd.conf:28:1: OPTIONAL.log_rotate_enabled: \"perhaps\" is neither true nor false",
                  HasSubstr("conf/vsftpd.conf:29:1: OPTIONAL.interrupted_upload: \"maybe\" is not one of hold, keep"),
                  HasSubstr("conf/vsftpd.conf:30:1: is neither [SECTION] nor KEY = VALUE")));
}

TEST(VsftpdConf, WhatContradictsItselfIsNamedByTheFilesOwnKeys) {
  std::string twin = account("0");
  twin.replace(twin.find("[COS_ACCOUNT_0]"), 15, "[COS_ACCOUNT_1]");
  EXPECT_THAT(errors_of(account("0", twin + "[NETWORK]\nlisten_port = 60001\npassive_port = 60000,60010\n")),
              ElementsAre("conf/vsftpd.conf:16:1: COS_ACCOUNT_1.ftp_login_user_name: there are two users \"user0\"",
                          "conf/vsftpd.conf:21:1: NETWORK.passive_port: \"60000-60010\" holds port 60001, which the "
                          "server itself listens on"));
}

TEST(VsftpdConf, TheEquivalentTomlLoadsAsTheSameConfiguration) {
  std::string text = new_dialect;
  text.replace(text.find("pass0"), 5, "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0");
  text.replace(text.find("비밀 번호"), std::string_view("비밀 번호").size(), "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac1");
  const Config original = load(text).config;
  const std::string toml = to_toml(original, [](const Setting&, const std::string&, const Secret& secret) {
    return WrittenSecret{secret.reveal()};
  });
  auto loaded = load_text(toml, "/somewhere/else/gantry.toml");
  ASSERT_TRUE(loaded.has_value()) << toml << ::testing::PrintToString(formatted(loaded.error()));
  loaded->config.source = original.source;
  EXPECT_EQ(loaded->config, original) << toml;
  EXPECT_THAT(toml, Not(HasSubstr("idle_timeout"))) << "defaults are left out";
}

TEST(VsftpdConf, AFileWithoutAccountsIsExplained) {
  EXPECT_THAT(errors_of("anonymous_enable=YES\n"), Contains(HasSubstr("there is no section [COS_ACCOUNT_0]")));
  EXPECT_THAT(
      errors_of("[COS_ACCOUNT]\ncos_secretid = a\n[FTP_ACCOUNT]\n"),
      Contains("conf/vsftpd.conf:3:1: FTP_ACCOUNT.login_users: is missing: nobody could log in to the bucket of "
               "[COS_ACCOUNT]"));
}

TEST(VsftpdConf, MessagesHoldNoSecret) {
  const std::string text =
      "[COS_ACCOUNT]\ncos_secretid = a\ncos_secretkey = hush-hush\ncos_bucket = b\n"
      "[FTP_ACCOUNT]\nlogin_users = user1:hush-hush;user2:hush-hush:X\nhush-hush\n";
  const auto errors = errors_of(text);
  EXPECT_THAT(errors, Not(IsEmpty()));
  EXPECT_THAT(errors, Not(Contains(HasSubstr("hush"))));
}

}  // namespace
}  // namespace gantry::config
