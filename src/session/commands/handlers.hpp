// The handlers of the command table, by theme; each does its command after dispatch has checked everything.
#pragma once

#include <string>

#include "async/task.hpp"
#include "proto/reply.hpp"

namespace gantry::session {

class Session;

namespace commands {

using Answer = Task<proto::Reply>;

// login.cpp: RFC 959 section 4.1.1, HOST of RFC 7151
Answer user(Session& session, std::string name);
Answer pass(Session& session, std::string password);
Answer acct(Session& session, std::string ignored);
Answer rein(Session& session, std::string ignored);
Answer quit(Session& session, std::string ignored);
Answer host(Session& session, std::string name);

// security.cpp: RFC 2228, RFC 4217
Answer auth(Session& session, std::string mechanism);
Answer pbsz(Session& session, std::string size);
Answer prot(Session& session, std::string level);
Answer ccc(Session& session, std::string ignored);

// information.cpp: FEAT and OPTS of RFC 2389, LANG of RFC 2640, CLNT, CSID
Answer feat(Session& session, std::string ignored);
Answer help(Session& session, std::string verb);
Answer syst(Session& session, std::string ignored);
Answer noop(Session& session, std::string ignored);
Answer stat(Session& session, std::string path);
Answer clnt(Session& session, std::string name);
Answer csid(Session& session, std::string facts);
Answer lang(Session& session, std::string tag);
Answer smnt(Session& session, std::string ignored);
Answer opts(Session& session, std::string argument);
Answer opts_utf8(Session& session, std::string value);
Answer opts_mlst(Session& session, std::string facts);
Answer opts_hash(Session& session, std::string algorithm);
Answer opts_mode(Session& session, std::string argument);
Answer opts_rest(Session& session, std::string ignored);

// parameters.cpp: RFC 959 section 4.1.2, RFC 2428, RFC 3659 section 5
Answer type(Session& session, std::string code);
Answer stru(Session& session, std::string code);
Answer mode(Session& session, std::string code);
Answer port(Session& session, std::string address);
Answer eprt(Session& session, std::string address);
Answer pasv(Session& session, std::string ignored);
Answer epsv(Session& session, std::string family);
Answer allo(Session& session, std::string size);
Answer rest(Session& session, std::string offset);
Answer rang(Session& session, std::string range);
Answer abor(Session& session, std::string ignored);

// transfers.cpp
Answer retr(Session& session, std::string path);
Answer stor(Session& session, std::string path);
Answer appe(Session& session, std::string path);
Answer stou(Session& session, std::string path);

// listings.cpp: RFC 959, RFC 3659 section 7
Answer list(Session& session, std::string argument);
Answer nlst(Session& session, std::string argument);
Answer mlsd(Session& session, std::string path);
Answer mlst(Session& session, std::string path);
Answer stat_path(Session& session, std::string argument);

// files.cpp
Answer pwd(Session& session, std::string ignored);
Answer cwd(Session& session, std::string path);
Answer cdup(Session& session, std::string ignored);
Answer mkd(Session& session, std::string path);
Answer rmd(Session& session, std::string path);
Answer dele(Session& session, std::string path);
Answer rnfr(Session& session, std::string path);
Answer rnto(Session& session, std::string path);
Answer size(Session& session, std::string path);
Answer mdtm(Session& session, std::string path);
Answer mfmt(Session& session, std::string argument);
Answer avbl(Session& session, std::string path);

// combine.cpp: COMB of Serv-U and Globalscape
Answer comb(Session& session, std::string names);
std::string comb_feature(const Session& session);

// checksums.cpp: draft-bryan-ftp-hash and the older X commands
Answer hash(Session& session, std::string path);
Answer xcrc(Session& session, std::string argument);
Answer xmd5(Session& session, std::string argument);
Answer xsha1(Session& session, std::string argument);
Answer xsha256(Session& session, std::string argument);
Answer xsha512(Session& session, std::string argument);
/// All checksums known without reading the file; the CRC-64, read if need be, when there is none.
Answer site_checksum(Session& session, std::string argument);
std::string hash_feature(const Session& session);

// site.cpp
Answer site(Session& session, std::string argument);
Answer site_chmod(Session& session, std::string argument);
Answer site_help(Session& session, std::string ignored);
Answer site_quota(Session& session, std::string ignored);
Answer site_utime(Session& session, std::string argument);

}  // namespace commands
}  // namespace gantry::session
