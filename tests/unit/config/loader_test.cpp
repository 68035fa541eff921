#include "config/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/memory.hpp"
#include "tests/unit/config/samples.hpp"

namespace gantry::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> errors_of(const std::string& text, const std::string& file = "gantry.toml") {
  const auto loaded = load_text(text, file);
  std::vector<std::string> out;
  if (!loaded)
    for (const Problem& problem : loaded.error()) out.push_back(format(problem));
  return out;
}

/// What each mistake says, and where. Every text is a whole file.
struct Mistake {
  std::string name;
  std::string text;
  std::vector<std::string> errors;
};

class Mistakes : public ::testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreReportedWithPositionAndReason) {
  EXPECT_THAT(errors_of(GetParam().text), ::testing::ElementsAreArray(GetParam().errors));
}

const std::string store = "[[store]]\nname = \"main\"\ntype = \"local\"\nroot = \"/srv\"\n";
const std::string hash = "$1$k2XAnEHB$rbDfQq368qWY4bas.D3Ac0";
const std::string user = "[[user]]\nname = \"alice\"\npassword = \"" + hash + "\"\nhome = \"main:/\"\n";
const std::string bucket = "[[store]]\nname = \"b\"\nbucket = \"bb\"\naccess_key = \"a\"\nsecret_key = \"s\"\n";

INSTANTIATE_TEST_SUITE_P(
    SingleValues, Mistakes,
    ::testing::Values(
        Mistake{
            "Duration",
            "[server]\n  idle_timeout = \"5 weeks\"\n",
            {R"(gantry.toml:2:18: server.idle_timeout: "5 weeks" is not a duration; write e.g. "30s", "5m", "24h")"}},
        Mistake{"DurationTooShort",
                "[server]\nidle_timeout = \"5ms\"\n",
                {"gantry.toml:2:16: server.idle_timeout: 5ms is too small; the least is 100ms"}},
        Mistake{"DurationOverflows",
                "[server]\nidle_timeout = 9223372036854775807\n",
                {"gantry.toml:2:16: server.idle_timeout: 9223372036854775807 is too large"}},
        Mistake{"NumberInQuotes",
                "[server]\nmax_sessions = \"5\"\n",
                {"gantry.toml:2:16: server.max_sessions: is a text, but must be a whole number, without quotes"}},
        Mistake{"Negative", "[server]\nmax_sessions = -1\n", {"gantry.toml:2:16: server.max_sessions: -1 is negative"}},
        Mistake{"TooLarge",
                "[server]\nlanes = 257\n",
                {"gantry.toml:2:9: server.lanes: 257 is too large; the most is 256"}},
        Mistake{"FlagInQuotes",
                "[tls]\nrequired = \"yes\"\n",
                {"gantry.toml:2:12: tls.required: is a text, but must be true or false, without quotes"}},
        Mistake{"Choice",
                "[transfer]\nverify = \"md5\"\n",
                {R"(gantry.toml:2:10: transfer.verify: "md5" is not one of auto, strong, size)"}},
        Mistake{
            "ItemOfList",
            "[transfer]\ndigests = [\"crc64\",\n  \"crc65\"]\n",
            {R"(gantry.toml:3:3: transfer.digests: "crc65" is not one of crc64, crc32c, crc32, md5, sha1, sha256, sha512)"}},
        Mistake{
            "Address",
            "[server]\nlisten = [\"0.0.0.0\"]\n",
            {R"(gantry.toml:2:11: server.listen: "0.0.0.0" is not an address to listen on; write e.g. "0.0.0.0:2121", "[::]:990")"}},
        Mistake{"PortRangeBackwards",
                "[server]\npassive_ports = \"200-100\"\n",
                {R"(gantry.toml:2:17: server.passive_ports: "200-100" ends before it begins)"}},
        Mistake{
            "Memory",
            "[server]\nmemory_budget = \"101%\"\n",
            {R"(gantry.toml:2:17: server.memory_budget: "101%" is not an amount of memory; write e.g. "25%", "512MiB")"}},
        Mistake{"Text",
                "[server]\nbanner = 5\n",
                {"gantry.toml:2:10: server.banner: is a number, but must be a text in quotes"}},
        Mistake{"ControlCharacter",
                "[server]\nbanner = \"a\\r\\nb\"\n",
                {R"(gantry.toml:2:10: server.banner: "a\x0d\x0ab" holds a control character)"}},
        Mistake{"List",
                "[server]\nhost_names = \"a\"\n",
                {R"(gantry.toml:2:14: server.host_names: is a text, but must be a list of texts, e.g. ["..."])"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Names, Mistakes,
    ::testing::Values(
        Mistake{"UnknownKey",
                "[server]\nidle_timout = 5\n",
                {"gantry.toml:2:1: server.idle_timout: there is no such setting; did you mean idle_timeout?"}},
        Mistake{"KeyOfAnotherTable",
                "[server]\ncertificate = \"x\"\n",
                {"gantry.toml:2:1: server.certificate: there is no such setting; it belongs to [tls]"}},
        Mistake{
            "KeyUnlikeAny", "[server]\nqqqqqqqq = 1\n", {"gantry.toml:2:1: server.qqqqqqqq: there is no such setting"}},
        Mistake{
            "UnknownTable", "\n[servr]\n", {"gantry.toml:2:2: servr: there is no such table; did you mean server?"}},
        Mistake{"KeyOutsideTables",
                "listen = []\n",
                {"gantry.toml:1:1: listen: there is no such table; it belongs to [server]"}},
        Mistake{"SingleAsList", "[[server]]\n", {"gantry.toml:1:3: server: must be one table: write [server]"}},
        Mistake{"ListAsSingle",
                "[store]\nname = \"x\"\n",
                {"gantry.toml:1:2: store: may occur many times: write [[store]]"}},
        Mistake{"FileOfWhatIsNoSecret",
                "[server]\nbanner_file = \"x\"\n",
                {"gantry.toml:2:1: server.banner_file: there is no such setting"}},
        Mistake{"AliasAndName",
                "[[store]]\nname = \"b\"\ntype = \"cos\"\nbucket = \"x-1\"\nregion = \"r\"\naccess_key = "
                "\"a\"\nsecret_id = "
                "\"b\"\nsecret_key = \"c\"\n",
                {"gantry.toml:7:1: store.b.secret_id: is the same as access_key and given twice"}},
        Mistake{"Syntax",
                "[server]\nbanner = \n",
                {"gantry.toml:2:10: this is not TOML: Error while parsing key-value pair: expected value"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Contradictions, Mistakes,
    ::testing::Values(
        Mistake{"ListenTlsWithoutCertificate",
                "[server]\nlisten_tls = [\"0.0.0.0:990\"]\n",
                {"gantry.toml:2:1: server.listen_tls: needs tls.certificate and tls.key"}},
        Mistake{"RequiredWithoutCertificate",
                "[tls]\nrequired = true\n",
                {"gantry.toml:2:1: tls.required: needs tls.certificate and tls.key"}},
        Mistake{"ReuseWithoutCertificate",
                "[tls]\nsession_reuse = \"require\"\n",
                {"gantry.toml:2:1: tls.session_reuse: needs tls.certificate and tls.key"}},
        Mistake{"KeyWithoutCertificate",
                "[tls]\nkey = \"k.pem\"\n",
                {"gantry.toml:2:1: tls.key: needs tls.certificate too"}},
        Mistake{"ClientCertificatesWithoutTls",
                "[tls]\nclient_certificates = \"accept\"\nclient_ca = \"ca.pem\"\n",
                {"gantry.toml:2:1: tls.client_certificates: needs tls.certificate and tls.key"}},
        Mistake{"ClientCertificatesOfNobody",
                "[tls]\ncertificate = \"c.pem\"\nclient_certificates = \"require\"\n",
                {"gantry.toml:3:1: tls.client_certificates: needs tls.client_ca: whose certificates are good?"}},
        Mistake{"HashesTooCheap",
                "[passwords]\nmemory = \"8KiB\"\npasses = 0\n",
                {"gantry.toml:2:10: passwords.memory: 8KiB is too small; the least is 1MiB",
                 "gantry.toml:3:10: passwords.passes: 0 is too small; the least is 1"}},
        Mistake{
            "HookWithPassword",
            "[login_hook]\nurl = \"http://me:secret@127.0.0.1/\"\n",
            {"gantry.toml:2:1: login_hook.url: is not a URL that can be asked; write http(s)://HOST[:PORT][/PATH]"}},
        Mistake{
            "HookElsewhere",
            "[login_hook]\nurl = \"ftp://127.0.0.1/\"\n",
            {"gantry.toml:2:1: login_hook.url: is not a URL that can be asked; write http(s)://HOST[:PORT][/PATH]"}},
        Mistake{"NowhereToListen",
                "[server]\nlisten = []\n",
                {"gantry.toml:2:1: server.listen: there is no address to listen on, neither here nor in listen_tls"}},
        Mistake{"ListenTwice",
                "[server]\nlisten = [\"[::1]:21\", \"[::1]:21\"]\n",
                {R"(gantry.toml:2:1: server.listen: "[::1]:21" is listened on twice)"}},
        Mistake{
            "OwnPortAmongPassive",
            "[server]\npassive_ports = \"2000-3000\"\n",
            {R"(gantry.toml:2:1: server.passive_ports: "2000-3000" holds port 2121, which the server itself listens on)"}},
        Mistake{"MasqueradeIpv6",
                "[server]\nmasquerade_address = \"::1\"\n",
                {R"(gantry.toml:2:1: server.masquerade_address: "::1" is neither an IPv4 address nor a DNS name)"}},
        Mistake{"State",
                "[server]\nstate = \"mysql:x\"\n",
                {R"(gantry.toml:2:1: server.state: must begin with "sqlite:" or "postgresql:")"}},
        Mistake{"MessageFileWithSlash",
                "[server]\nmessage_file = \"a/b\"\n",
                {R"(gantry.toml:2:1: server.message_file: "a/b" is not the name of a file)"}},
        Mistake{"WelcomeWithControls",
                "[server]\nwelcome = \"a\\nb\\u0007\"\n",
                {"gantry.toml:2:11: server.welcome: holds a control character besides line ends"}},
        Mistake{"WelcomeTooLong",
                "[server]\nwelcome = \"" + std::string(4097, 'x') + "\"\n",
                {"gantry.toml:2:1: server.welcome: has more than 4KiB"}},
        Mistake{
            "AnonymousMayWrite",
            "[anonymous]\npermissions = \"elrw\"\n",
            {R"(gantry.toml:2:1: anonymous.permissions: "elrw" holds more than e, l and r; for uploads set drop_box)"}},
        Mistake{"DropBoxIsRoot",
                "[anonymous]\ndrop_box = \"/\"\n",
                {"gantry.toml:2:1: anonymous.drop_box: must be a directory below /"}},
        Mistake{"DropBoxLeadsOut",
                "[anonymous]\ndrop_box = \"/a/../b\"\n",
                {R"(gantry.toml:2:1: anonymous.drop_box: "/a/../b" holds an empty, "." or ".." segment)"}},
        Mistake{
            "AnonymousWithoutHome", "[anonymous]\nenabled = true\n", {"gantry.toml:1:2: anonymous.home: is missing"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Stores, Mistakes,
    ::testing::Values(
        Mistake{"WithoutNameAndType",
                "[[store]]\nroot = \"/srv\"\n",
                {"gantry.toml:1:1: store[1].name: is missing", "gantry.toml:1:1: store[1].type: is missing"}},
        Mistake{"TwoOfOneName", store + store, {R"(gantry.toml:6:1: store.main.name: there are two stores "main")"}},
        Mistake{
            "BadName",
            "[[store]]\nname = \"a:b\"\ntype = \"local\"\nroot = \"/\"\n",
            {R"(gantry.toml:2:1: store.a:b.name: "a:b" is not a name for a store; use letters, digits, '-', '_' and '.', at most 64)"}},
        Mistake{"LocalWithoutRoot",
                "[[store]]\nname = \"d\"\ntype = \"local\"\n",
                {"gantry.toml:1:1: store.d.root: is missing: a local store needs a directory"}},
        Mistake{"LocalWithBucket",
                store + "bucket = \"x\"\n",
                {"gantry.toml:5:1: store.main.bucket: does not apply to this type of store"}},
        Mistake{"CosWithPathStyle",
                bucket + "type = \"cos\"\nregion = \"r\"\npath_style = true\n",
                {"gantry.toml:8:1: store.b.path_style: does not apply to this type of store"}},
        Mistake{
            "CosWithNothing",
            "[[store]]\nname = \"b\"\ntype = \"cos\"\n",
            {"gantry.toml:1:1: store.b.access_key: is missing", "gantry.toml:1:1: store.b.bucket: is missing",
             "gantry.toml:1:1: store.b.region: is missing: without an endpoint the store's address is made from the "
             "region",
             "gantry.toml:1:1: store.b.secret_key: is missing"}},
        Mistake{
            "S3WithoutRegionAndEndpoint",
            bucket + "type = \"s3\"\n",
            {"gantry.toml:1:1: store.b.region: is missing: without an endpoint the store's address is made from the "
             "region"}},
        Mistake{
            "Endpoint",
            bucket + "type = \"s3\"\nendpoint = \"s3.example.com\"\n",
            {R"(gantry.toml:7:1: store.b.endpoint: "s3.example.com" is not an endpoint; write http(s)://HOST[:PORT], e.g. "https://s3.example.com:9000")"}},
        Mistake{
            "Prefix",
            bucket + "type = \"s3\"\nregion = \"r\"\nprefix = \"a/../b\"\n",
            {R"(gantry.toml:8:1: store.b.prefix: "a/../b" must not begin with "/" nor hold empty, "." or ".." segments)"}},
        Mistake{"Proxy",
                bucket + "type = \"s3\"\nregion = \"r\"\nproxy = \"socks://u:topsecret@h:1\"\n",
                {"gantry.toml:8:1: store.b.proxy: must begin with http://"}}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Users, Mistakes,
    ::testing::Values(
        Mistake{"WithNothing",
                "[[user]]\n",
                {"gantry.toml:1:1: user[1].home: is missing", "gantry.toml:1:1: user[1].name: is missing",
                 "gantry.toml:1:1: user[1].password: is missing"}},
        Mistake{"Twice", store + user + user, {R"(gantry.toml:10:1: user.alice.name: there are two users "alice")"}},
        Mistake{"UnknownStore",
                store + "[[user]]\nname = \"bob\"\npassword = \"" + hash + "\"\nhome = \"mian:/\"\n",
                {R"(gantry.toml:8:1: user.bob.home: there is no store "mian"; did you mean "main"?)"}},
        Mistake{"UnknownStoreInMount",
                store + user + "mounts = { \"/a\" = \"disk:/\" }\n",
                {R"(gantry.toml:9:1: user.alice.mounts: there is no store "disk")"}},
        Mistake{
            "HomeIsNoPlace",
            store + "[[user]]\nname = \"bob\"\npassword = \"" + hash + "\"\nhome = \"/srv\"\n",
            {R"(gantry.toml:8:8: user.bob.home: "/srv" is not a place; write STORE:/PREFIX, e.g. "main:/users/alice")"}},
        Mistake{
            "HomeLeadsOut",
            store + "[[user]]\nname = \"bob\"\npassword = \"" + hash + "\"\nhome = \"main:/a/../..\"\n",
            {R"(gantry.toml:8:8: user.bob.home: "main:/a/../..": the prefix "/a/../.." holds an empty, "." or ".." segment)"}},
        Mistake{
            "MountLeadsOut",
            store + user + "mounts = { \"/a\" = \"main:/x/../../y\" }\n",
            {R"(gantry.toml:9:19: user.alice.mounts: "main:/x/../../y": the prefix "/x/../../y" holds an empty, "." or ".." segment)"}},
        Mistake{"MountPointLeadsOut",
                store + user + "mounts = { \"/a/../b\" = \"main:/\" }\n",
                {R"(gantry.toml:9:12: user.alice.mounts: the path "/a/../b" holds an empty, "." or ".." segment)"}},
        Mistake{
            "DamagedHash",
            store +
                "[[user]]\nname = \"bob\"\npassword = \"$argon2id$v=19$m=65536,t=2,p=1$c2Fsd\"\nhome = \"main:/\"\n",
            {"gantry.toml:7:1: user.bob.password: is a damaged $argon2id$ hash, cut short or altered; copy it whole or "
             "make one with: gantryd hash-password"}},
        Mistake{"CertificateThatNobodyAsksFor",
                store + user + "certificate = \"alice\"\n",
                {R"(gantry.toml:9:1: user.alice.certificate: needs tls.client_certificates = "accept" or "require")"}},
        Mistake{"BothWithoutCertificate",
                store + user + "certificate_and_password = true\n",
                {"gantry.toml:9:1: user.alice.certificate_and_password: needs certificate"}},
        Mistake{"OverlappingMounts",
                store + user + "mounts = { \"/a\" = \"main:/\", \"/a/b\" = \"main:/x\", \"/ab\" = \"main:/y\" }\n",
                {R"(gantry.toml:9:1: user.alice.mounts: "/a/b" lies inside "/a": mounts must not overlap)"}},
        Mistake{"MountTwice",
                store + user + "mounts = { \"/a\" = \"main:/\", \"/a/\" = \"main:/x\" }\n",
                {R"(gantry.toml:9:29: user.alice.mounts: "/a" is given twice)"}},
        Mistake{"MountOverHome",
                store + user + "mounts = { \"/\" = \"main:/\" }\n",
                {R"(gantry.toml:9:12: user.alice.mounts: "/" is the home; set home instead)"}},
        Mistake{
            "Permissions",
            store + user + "permissions = \"elx\"\n",
            {R"(gantry.toml:9:15: user.alice.permissions: "elx" holds a letter that is no permission; known are "elradfmwMT")"}},
        Mistake{
            "DirectoryPermissions",
            store + user + "directory_permissions = { \"/in\" = \"ewx\" }\n",
            {R"(gantry.toml:9:35: user.alice.directory_permissions: "ewx" holds a letter that is no permission; known are "elradfmwMT")"}},
        Mistake{"DirectoryPermissionsOfTheRoot",
                store + user + "directory_permissions = { \"/\" = \"e\" }\n",
                {R"(gantry.toml:9:27: user.alice.directory_permissions: "/" has what permissions says)"}},
        Mistake{"DirectoryPermissionsTwice",
                store + user + "directory_permissions = { \"/a\" = \"e\", \"/a/\" = \"l\" }\n",
                {R"(gantry.toml:9:39: user.alice.directory_permissions: "/a" is given twice)"}},
        Mistake{
            "DirectoryPermissionsLeadOut",
            store + user + "directory_permissions = { \"/a/..\" = \"e\" }\n",
            {R"(gantry.toml:9:27: user.alice.directory_permissions: the path "/a/.." holds an empty, "." or ".." segment)"}},
        Mistake{
            "DirectoryPermissionsNoTable",
            store + user + "directory_permissions = \"ew\"\n",
            {R"(gantry.toml:9:25: user.alice.directory_permissions: is a text, but must be a table, e.g. { "/incoming" = "ew" })"}},
        Mistake{
            "PatternOfPath",
            store + user + "deny = [\"a/*\"]\n",
            {R"(gantry.toml:9:9: user.alice.deny: "a/*" is not a pattern of one name; it may have no "/" and at most 255 bytes)"}},
        Mistake{
            "EmptyPattern", store + user + "hide = [\"\"]\n", {"gantry.toml:9:9: user.alice.hide: an item is empty"}},
        Mistake{
            "Network",
            store + user + "allow_from = [\"10.0.0.1/8\"]\n",
            {R"(gantry.toml:9:15: user.alice.allow_from: "10.0.0.1/8" is not a network; write e.g. "10.0.0.0/8", "2001:db8::/32", "192.0.2.7")"}},
        Mistake{
            "Rate",
            store + user + "max_upload = \"fast\"\n",
            {R"(gantry.toml:9:14: user.alice.max_upload: "fast" is not a rate; write e.g. "300KiB/s", "10MB/s", 0)"}},
        Mistake{
            "NameWithSlash",
            store + "[[user]]\nname = \"a/b\"\npassword = \"" + hash + "\"\nhome = \"main:/\"\n",
            {R"(gantry.toml:6:1: user.a/b.name: "a/b" is not a name for a user; 1 to 64 bytes, without "/" and outer blanks)"}},
        Mistake{"BanTimes",
                "[defender]\nban_time = \"2h\"\nban_time_max = \"1h\"\n",
                {"gantry.toml:3:1: defender.ban_time_max: must be at least ban_time, which is 2h"}},
        Mistake{"TlsWithoutCertificate",
                store + user + "require_tls = true\n",
                {"gantry.toml:9:1: user.alice.require_tls: needs tls.certificate and tls.key"}}),
    [](const auto& info) { return info.param.name; });

TEST(Loader, ReportsAllMistakesInTheOrderOfTheFile) {
  EXPECT_THAT(
      errors_of("[server]\nlanes = 999\nnonsense = 1\n[tls]\nrequired = 1\n[[user]]\nname = \"u\"\n"),
      ElementsAre(HasSubstr(":2:9: server.lanes"), HasSubstr(":3:1: server.nonsense"), HasSubstr(":5:12: tls.required"),
                  HasSubstr(":6:1: user.u.home"), HasSubstr(":6:1: user.u.password")));
}

TEST(Loader, ReadsTheExampleOfEveryTable) {
  const auto loaded = load_text(full_sample, "/etc/gantry/gantry.toml");
  ASSERT_TRUE(loaded) << format(loaded.error().front());
  const Config& config = loaded->config;
  EXPECT_EQ(config.server.listen, (std::vector<ListenAddress>{{"127.0.0.1", 2100}, {"::", 0}}));
  EXPECT_EQ(config.server.idle_timeout, Seconds(90));
  EXPECT_EQ(config.server.state, "sqlite:/etc/gantry/state.db");
  EXPECT_EQ(config.server.admin_socket, "/etc/gantry/admin.sock");
  EXPECT_EQ(config.tls.certificate, "/etc/gantry/cert.pem");
  EXPECT_EQ(config.log.directory, "/etc/gantry/logs");
  ASSERT_EQ(config.stores.size(), 4U);
  EXPECT_EQ(config.stores[0].access_key, "AKIDexample");
  EXPECT_EQ(config.stores[0].prefix, "ftp/");
  EXPECT_EQ(config.stores[2].root, "/etc/data");
  ASSERT_EQ(config.users.size(), 1U);
  EXPECT_EQ(config.users[0].home, (Mount{"main", "/users/%u"}));
  EXPECT_EQ(config.users[0].max_upload, 300 * kib);
  EXPECT_TRUE(config.anonymous.enabled);
  for (const Problem& warning : loaded->warnings)
    EXPECT_THAT(format(warning),
                ::testing::AnyOf(HasSubstr("not enforced yet"), HasSubstr("because login_hook.program is")));
}

TEST(Loader, AnEmptyFileGivesTheDefaults) {
  const auto loaded = load_text("", "/etc/gantry.toml");
  ASSERT_TRUE(loaded);
  Config expected;
  expected.source = "/etc/gantry.toml";
  expected.server.memory_budget = usable_memory() / 100 * 25;
  expected.server.state = "sqlite:/etc/gantry.db";
  expected.server.admin_socket = "/etc/gantryd.sock";
  expected.log.directory = "/etc/log";
  EXPECT_EQ(loaded->config, expected);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_THAT(format(loaded->warnings[0]), HasSubstr("nobody can log in"));
}

TEST(Loader, FillsInWhatFollows) {
  const auto loaded = load_text(
      "[tls]\ncertificate = \"/both.pem\"\n" + bucket + "type = \"s3\"\nendpoint = \"http://127.0.0.1:9000/\"\n",
      "g.toml");
  ASSERT_TRUE(loaded) << format(loaded.error().front());
  EXPECT_EQ(loaded->config.tls.key, "/both.pem");
  EXPECT_EQ(loaded->config.stores[0].region, "us-east-1");
  EXPECT_EQ(loaded->config.stores[0].endpoint, "http://127.0.0.1:9000");
}

TEST(Loader, WarnsAboutPlainPasswordsWithoutShowingThem) {
  const auto loaded =
      load_text(store + "[[user]]\nname = \"bob\"\npassword = \"topsecret\"\nhome = \"main:/\"\n", "g.toml");
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_EQ(format(loaded->warnings[0]),
            "g.toml:7:1: user.bob.password: is plain text; make a hash with: gantryd hash-password");
  EXPECT_TRUE(loaded->holds_secrets);
}

TEST(Loader, QuotasNeedAStateDatabaseThatLasts) {
  const std::string bob = "[[user]]\nname = \"bob\"\npassword = \"" + hash +
                          "\"\nhome = \"main:/\"\n"
                          "quota_bytes = \"1GiB\"\nquota_files = 5\n";
  const auto lasting = load_text(store + bob, "g.toml");
  ASSERT_TRUE(lasting) << format(lasting.error().front());
  EXPECT_TRUE(lasting->warnings.empty());
  const auto memory = load_text(store + bob + "[server]\nstate = \"sqlite::memory:\"\n", "g.toml");
  ASSERT_FALSE(memory);
  ASSERT_EQ(memory.error().size(), 2U);
  EXPECT_THAT(format(memory.error()[0]), HasSubstr("g.toml:9:1: user.bob.quota_bytes: needs a state database"));
  EXPECT_THAT(format(memory.error()[1]), HasSubstr("g.toml:10:1: user.bob.quota_files"));
}

TEST(Loader, WarnsOfPasswordsSentInClear) {
  const auto warnings = [](const std::string& hook) {
    const auto loaded = load_text(store + user + "[login_hook]\n" + hook, "gantry.toml");
    return loaded ? loaded->warnings.size() : 99;
  };
  EXPECT_EQ(warnings("url = \"http://127.0.0.1:8080/login\"\n"), 0U);
  EXPECT_EQ(warnings("url = \"http://[::1]:8080\"\n"), 0U);
  EXPECT_EQ(warnings("url = \"https://auth.example.com/?key=1\"\n"), 0U);
  EXPECT_EQ(warnings("url = \"http://auth.example.com/\"\n"), 1U);
  EXPECT_EQ(warnings("url = \"https://auth.example.com/\"\nprogram = \"/bin/check\"\n"), 1U);
}

TEST(Loader, WarnsAboutPartsTooSmallForTheStore) {
  const auto loaded = load_text(bucket + "type = \"s3\"\nregion = \"r\"\n[transfer]\npart_size = \"1MiB\"\n", "g.toml");
  ASSERT_TRUE(loaded) << format(loaded.error().front());
  ASSERT_EQ(loaded->warnings.size(), 2U);
  EXPECT_THAT(format(loaded->warnings[1]), HasSubstr("transfer.part_size: 1MiB is less than the 5MiB"));
}

TEST(Loader, NoMessageHoldsASecret) {
  const std::vector<std::string> texts{
      bucket + "type = \"s3\"\nregion = \"r\"\nproxy = \"http://u:topsecret@\"\n",
      bucket + "type = \"s3\"\nregion = \"r\"\nproxy = \"http://u:topsecret@host/path\"\n",
      bucket + "type = \"s3\"\nendpoint = \"ftp://u:topsecret@host\"\n",
      "[server]\nstate = \"mysql://u:topsecret@host\"\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = topsecret\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = \"topsecret\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = [\"topsecret\"]\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = \"topsecret\\u0001\"\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = \"env:topsecret!\"\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = 99999999999999999999\n",
      "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = truetopsecret\n",
  };
  for (const std::string& text : texts) {
    const auto errors = errors_of(text);
    EXPECT_THAT(errors, Not(IsEmpty())) << text;
    EXPECT_THAT(errors, Not(Contains(HasSubstr("topsecret")))) << text;
    EXPECT_THAT(errors, Not(Contains(HasSubstr("9999")))) << text;
  }
}

TEST(Loader, HiddenSecretsCannotBeLoaded) {
  EXPECT_THAT(
      errors_of(store + "[[user]]\nname = \"u\"\nhome = \"main:/\"\npassword = \"***\"\n"),
      ElementsAre(
          R"(gantry.toml:8:12: user.u.password: "***" stands for a secret that was hidden; write the real one)"));
  EXPECT_THAT(errors_of("[server]\nstate = \"postgresql://u:***@h/d\"\n"),
              ElementsAre(HasSubstr("stands for a password that was hidden")));
}

class LoaderFiles : public ::testing::Test {
 protected:
  LoaderFiles() {
    std::string name = ::testing::TempDir() + "gantry-config-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~LoaderFiles() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
    return path;
  }

  std::string directory_;
};

TEST_F(LoaderFiles, SecretsComeFromFilesAndTheEnvironment) {
  ::setenv("GANTRY_TEST_ID", "id-from-env", 1);
  write("key.txt", "key-from-file\n");
  const auto loaded =
      load_file(write("gantry.toml",
                      "[[store]]\nname = \"b\"\ntype = \"cos\"\nbucket = \"x-1\"\nregion = \"r\"\nsecret_id = "
                      "\"env:GANTRY_TEST_ID\"\nsecret_key_file = \"key.txt\"\n"));
  ASSERT_TRUE(loaded) << format(loaded.error().front());
  EXPECT_EQ(loaded->config.stores[0].access_key, "id-from-env");
  EXPECT_EQ(loaded->config.stores[0].secret_key.reveal(), "key-from-file");
  EXPECT_FALSE(loaded->holds_secrets);
  EXPECT_THAT(loaded->files, ElementsAre(directory_ + "/gantry.toml", directory_ + "/key.txt"));
}

TEST_F(LoaderFiles, MissingFilesAndVariablesNameTheKey) {
  ::unsetenv("GANTRY_TEST_UNSET");
  write("empty.txt", "\n");
  write("two.txt", "one\ntwo\n");
  const std::string head = "[[user]]\nname = \"u\"\nhome = \"main:/\"\n";
  EXPECT_THAT(errors_of(store + head + "password = \"env:GANTRY_TEST_UNSET\"\n"),
              ElementsAre("gantry.toml:8:1: user.u.password: the environment variable GANTRY_TEST_UNSET is not set"));
  const std::string file = directory_ + "/gantry.toml";
  EXPECT_THAT(errors_of(store + head + "password_file = \"none.txt\"\n", file),
              ElementsAre(file + ":8:1: user.u.password: \"" + directory_ +
                          "/none.txt\" cannot be read: there is no such file"));
  EXPECT_THAT(errors_of(store + head + "password_file = \"empty.txt\"\n", file), ElementsAre(HasSubstr("is empty")));
  EXPECT_THAT(errors_of(store + head + "password_file = \"two.txt\"\n", file),
              ElementsAre(HasSubstr("more than one line")));
  EXPECT_THAT(errors_of(store + head + "password_file = \".\"\n", file),
              ElementsAre(HasSubstr("is not a regular file")));
}

TEST_F(LoaderFiles, TheFileItselfMayBeMissingOrTooLarge) {
  const auto missing = load_file(directory_ + "/none.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(format(missing.error().at(0)), directory_ + "/none.toml: cannot be read: there is no such file");
  const auto large = load_file(write("large.toml", std::string(4 * mib + 1, '#')));
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().at(0).message, StartsWith("is larger than"));
}

TEST_F(LoaderFiles, WarnsWhenEveryoneMayReadSecrets) {
  const std::string path = write("gantry.toml", store + user);
  auto loaded = load_file(path);
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, IsEmpty());
  ::chmod(path.c_str(), 0644);
  loaded = load_file(path);
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_THAT(loaded->warnings[0].message, HasSubstr("everyone may read"));
}

TEST_F(LoaderFiles, MemoryIsTheLeastOfMachineAndGroups) {
  std::filesystem::create_directories(directory_ + "/proc/self");
  std::filesystem::create_directories(directory_ + "/sys/fs/cgroup/a/b");
  std::filesystem::create_directories(directory_ + "/sys/fs/cgroup/memory/c");
  EXPECT_EQ(usable_memory(directory_), gib);
  write("proc/meminfo", "MemFree: 1 kB\nMemTotal:       4096 kB\n");
  EXPECT_EQ(usable_memory(directory_), 4 * mib);
  write("proc/self/cgroup", "4:cpu,memory:/c\n0::/a/b\n");
  write("sys/fs/cgroup/a/b/memory.max", "max\n");
  EXPECT_EQ(usable_memory(directory_), 4 * mib);
  write("sys/fs/cgroup/a/memory.max", "3145728\n");
  EXPECT_EQ(usable_memory(directory_), 3 * mib);
  write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "2097152\n");
  EXPECT_EQ(usable_memory(directory_), 2 * mib);
  write("sys/fs/cgroup/memory.max", "1048576\n");
  EXPECT_EQ(usable_memory(directory_), mib);
}

TEST(Loader, TheAdminSocketLiesBesideTheDatabase) {
  const auto socket_of = [](const std::string& server) {
    const auto loaded = load_text("[server]\n" + server, "/etc/gantry/gantry.toml");
    return loaded ? loaded->config.server.admin_socket : format(loaded.error().front());
  };
  EXPECT_EQ(socket_of("state = \"sqlite:/srv/state/my.db\"\n"), "/srv/state/gantryd.sock");
  EXPECT_EQ(socket_of("state = \"postgresql://u@h/d\"\n"), "/etc/gantry/gantryd.sock");
  EXPECT_EQ(socket_of("state = \"sqlite:/srv/my.db\"\nadmin_socket = \"run/a.sock\"\n"), "/etc/gantry/run/a.sock");
  EXPECT_EQ(socket_of("admin_socket = \"\"\n"), "");
  EXPECT_THAT(socket_of("admin_socket = \"/" + std::string(107, 'x') + "\"\n"),
              HasSubstr("gantry.toml:2:1: server.admin_socket"));
}

TEST(Loader, DirectoriesOfTheServiceManagerTakeThePlaceOfDefaultsOnly) {
  ::setenv("STATE_DIRECTORY", "/var/lib/gantry:/var/lib/other", 1);
  ::setenv("LOGS_DIRECTORY", "/var/log/gantry", 1);
  const auto defaults = load_text("", "/etc/gantry/gantry.toml");
  const auto old_tool = load_text(
      "[COS_ACCOUNT_0]\ncos_secretid=a\ncos_secretkey=b\ncos_bucket=c-1\ncos_region=d\n"
      "ftp_login_user_name=e\nftp_login_user_password=f\nauthority=R\n",
      "/etc/gantry/vsftpd.conf");
  const auto written =
      load_text("[server]\nstate = \"sqlite:my.db\"\n[log]\ndirectory = \"\"\n", "/etc/gantry/gantry.toml");
  ::unsetenv("STATE_DIRECTORY");
  ::unsetenv("LOGS_DIRECTORY");
  ASSERT_TRUE(defaults && old_tool && written);
  EXPECT_EQ(defaults->config.server.state, "sqlite:/var/lib/gantry/gantry.db");
  EXPECT_EQ(defaults->config.log.directory, "/var/log/gantry");
  EXPECT_EQ(old_tool->config.server.state, "sqlite:/var/lib/gantry/gantry.db");
  EXPECT_EQ(written->config.server.state, "sqlite:/etc/gantry/my.db");
  EXPECT_EQ(defaults->config.server.admin_socket, "/var/lib/gantry/gantryd.sock");
  EXPECT_EQ(written->config.server.admin_socket, "/etc/gantry/gantryd.sock");
  EXPECT_EQ(written->config.log.directory, "");
}

}  // namespace
}  // namespace gantry::config
