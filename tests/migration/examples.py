"""Configurations as users of the COS FTP Server tool have them, with their own remarks, filled in for the fake stores."""

# One bucket, several users in one line: the first dialect.
OLD_DIALECT = """\
# 财务部的文件服务器，改动之前先通知李工
[COS_ACCOUNT]
cos_secretid = @ID@\t\t\t\t\t# 子账号的密钥，去年换过
cos_secretkey = @KEY@
cos_bucket = photos-1250000001\t      # 存储桶带编号，别忘了后面的数字
cos_region = ap-guangzhou\t\t\t\t\t  # 广州机房
cos_protocol = http
cos_endpoint = @PHOTOS@
cos_user_home_dir = @NOWHERE@/data   # 旧机器上的目录
[FTP_ACCOUNT]
login_users = user1:pass1:RW;user2:pass2:R     # 两个人：一个能写，一个只看

[NETWORK]
masquerade_address = XXX.XXX.XXX.XXX        # 没有网关，先不填
listen_port = @PORT@\t\t\t\t\t   # 防火墙已放行

passive_port = 60000,65535             # 被动模式

[FILE_OPTION]
# 二十吉字节足够了
single_file_max_size = 21474836480

[OPTIONAL]
; 以下没有动过
min_part_size       = default
upload_thread_num   = default
max_connection_num  = 512
max_list_file       = 10000                # 目录不大
log_level           = INFO                 # 平时够用
log_dir             = log                  # 放在旁边
"""

# A section for each user, with remarks in Korean: the second dialect.
NEW_DIALECT = """\
# 사진 팀과 회계 팀이 함께 쓰는 서버
[COS_ACCOUNT_0]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-seoul
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/user0
ftp_login_user_name=user0
ftp_login_user_password=pass0
authority=RW
delete_enable=true\t\t\t\t\t # 사진 팀은 지워도 됩니다

[COS_ACCOUNT_1]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = invoices-1250000002
cos_region = ap-seoul
cos_protocol = http
cos_endpoint = @INVOICES@
home_dir = @NOWHERE@/user1
ftp_login_user_name=user1
ftp_login_user_password=pass1
authority=RW
delete_enable=false

[NETWORK]
masquerade_address = XXX.XXX.XXX.XXX        # 아직 비워 둡니다
listen_port = @PORT@\t\t\t\t\t   # 방화벽 확인함

passive_port = 60000,65535             # 그대로

[FILE_OPTION]
# 파일 하나는 이십 기가바이트까지
single_file_max_size = 21474836480

[OPTIONAL]
; 바꾸지 마세요
min_part_size       = default
upload_thread_num   = default
max_connection_num  = 512
max_list_file       = 10000                # 충분합니다
log_level           = INFO                 # 보통
log_dir             = log                  # 서버 옆
"""

# Three accounts, as the tool's repository shows them: one for each authority.
THREE_ACCOUNTS = """\
[COS_ACCOUNT_0]
cos_secretid = @ID@    # 给上传程序用
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/user0
ftp_login_user_name=user0
ftp_login_user_password=pass0
authority=RW
delete_enable=true

[COS_ACCOUNT_1]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = photos-1250000001
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @PHOTOS@
home_dir = @NOWHERE@/user1
ftp_login_user_name=user1
ftp_login_user_password=pass1
authority=R
delete_enable=false

[COS_ACCOUNT_2]
cos_secretid = @ID@
cos_secretkey = @KEY@
cos_bucket = invoices-1250000002
cos_region = ap-guangzhou
cos_protocol = http
cos_endpoint = @INVOICES@
home_dir = @NOWHERE@/user2
ftp_login_user_name=user2
ftp_login_user_password=pass2
authority=W

[NETWORK]
masquerade_address = 127.0.0.1
listen_port = @PORT@
passive_port = 60000,65535

[FILE_OPTION]
single_file_max_size = 21474836480

[OPTIONAL]
config_check_enable = true
min_part_size       = default
upload_thread_num   = default
max_connection_num  = 512
max_list_file       = 10000
log_level           = DEBUG
log_dir             = log
log_rotate_enabled  = true
log_rotate_when     = D
log_backup_count    = 30
"""

# (user, password, may read, may write, bucket), for each.
PEOPLE = {
    "OLD_DIALECT": (("user1", "pass1", True, True, "photos"), ("user2", "pass2", True, False, "photos")),
    "NEW_DIALECT": (("user0", "pass0", True, True, "photos"), ("user1", "pass1", True, True, "invoices")),
    "THREE_ACCOUNTS": (("user0", "pass0", True, True, "photos"), ("user1", "pass1", True, False, "photos"),
                       ("user2", "pass2", False, True, "invoices")),
}
