"""What does the demo say, in both languages?"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.core.plan import Text

WORDS: Mapping[str, Text] = {
    "simulating": Text(
        "Simulating a site: cameras, recorders, an alarm panel, switches, a UPS (the first time takes a while) …",
        "正在模拟一个站点：摄像机、录像机、报警主机、交换机、UPS（首次启动需要一些时间）……",
    ),
    "starting": Text("Starting the daemon …", "正在启动守护程序……"),
    "welcome": Text(
        "\n  Console   {address}\n  Login     {user}\n  Password  {password}\n\n"
        "Watch the overview: things fail, tickets open by themselves, a technician repairs, the daemon asks again\n"
        "and closes. Ctrl-C stops everything.\n",
        "\n  控制台  {address}\n  用户名  {user}\n  密码    {password}\n\n"
        "请看总览页：设备出现故障，工单自动生成；技术员修复后，"
        "守护程序重新检测并关闭工单。\n按 Ctrl-C 停止全部程序。\n",
    ),
    "settling": Text("Every device is looked at once …", "正在对每台设备做首次检测……"),
    "fails": Text("{what}", "{what}"),
    "opened": Text("  ticket {ticket}: {sentence}", "  工单 {ticket}：{sentence}"),
    "works": Text("  {ticket}: acknowledged, on site, working", "  {ticket}：已接单，已到场，处理中"),
    "repaired": Text(
        "  {ticket}: repaired, says the technician; the daemon asks again", "  {ticket}：技术员报修复，守护程序复核中"
    ),
    "closed": Text("  {ticket}: verified and closed", "  {ticket}：复核通过，已关闭"),
    "missing": Text("  no ticket came for it", "  没有生成工单"),
    "not_closed": Text("  {ticket}: was not verified in time ({state})", "  {ticket}：未能按时通过复核（{state}）"),
    "wrong": Text("  nobody asked for {ticket}: {device} {fault}", "  多余的工单 {ticket}：{device} {fault}"),
    "round": Text("That was the script; it begins again in a minute.", "脚本播放完毕，一分钟后重新开始。"),
    "stopped": Text("Everything has been stopped.", "全部程序已停止。"),
}
