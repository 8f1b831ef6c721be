"""How is the daemon itself? Whether it keeps up, whether people are told, what it takes of the machine."""

from __future__ import annotations

from monitor.core.plan import Text
from monitor.export.grafana.dashboard import Dashboard, Row
from monitor.export.grafana.panels import GREEN, ORANGE, RED, YELLOW, Query, lines, stat, table, thresholds, timeline

_HERE = 'instance="$instance"'


def _of(name: str, more: str = "") -> str:
    return f"{name}{{{_HERE}{more}}}"


def _rate(name: str, more: str = "") -> str:
    return f"rate({_of(name, more)}[$__rate_interval])"


_WELL = ((0, Text("well", "正常"), GREEN), (1, Text("troubled", "异常"), RED))
_NONE = thresholds((None, GREEN), (1, RED))

_NOW = Row(
    Text("Now", "当前"),
    (
        stat(
            Text("Ready", "就绪"),
            _of("sitewarden_ready"),
            mappings=((0, Text("troubled", "异常"), RED), (1, Text("ready", "就绪"), GREEN)),
        ),
        stat(
            Text("Running since", "运行时长"),
            f"time() - {_of('sitewarden_start_timestamp_seconds')}",
            unit="dtdurations",
        ),
        stat(
            Text("Looks a second", "每秒检测"),
            f"sum({_rate('sitewarden_looks_total')})",
            unit="cps",
            steps=thresholds((None, "blue")),
        ),
        stat(
            Text("Lateness (p99)", "检测延迟（p99）"),
            _of("sitewarden_lateness_seconds", ',quantile="0.99"'),
            unit="s",
            steps=thresholds((None, GREEN), (1, YELLOW), (5, RED)),
        ),
        stat(
            Text("Queue", "待判断输入"),
            _of("sitewarden_queue_depth"),
            steps=thresholds((None, GREEN), (500, YELLOW), (5_000, RED)),
        ),
        stat(
            Text("Messages that wait", "待发消息"),
            _of("sitewarden_outbox_waiting"),
            steps=thresholds((None, GREEN), (10, YELLOW), (100, RED)),
        ),
        stat(
            Text("Database", "数据库大小"),
            _of("sitewarden_database_size_bytes"),
            unit="bytes",
            steps=thresholds((None, GREEN), (5e9, ORANGE)),
        ),
        stat(
            Text("Decoders that died", "解码进程崩溃"),
            f"increase({_of('sitewarden_decoder_deaths_total')}[$__range])",
            steps=_NONE,
        ),
    ),
)

_TROUBLES = Row(
    Text("Health", "健康状况"),
    (
        timeline(
            Text("Parts of the daemon", "各部件状态"),
            Query(_of("sitewarden_trouble"), "{{part}}"),
            mappings=_WELL,
            width=16,
            height=7,
        ),
        table(
            Text("Site and version", "站点与版本"),
            f"sitewarden_build_info{{{_HERE}}} * on (instance) group_left (site, name, timezone)"
            f" sitewarden_site_info{{{_HERE}}}",
            (
                ("site", Text("Site", "站点")),
                ("name", Text("Name", "名称")),
                ("version", Text("Version", "版本")),
                ("Value", Text("Runs", "运行")),
            ),
            width=8,
            height=7,
        ),
    ),
)

_LOOKS = Row(
    Text("Looks", "检测"),
    (
        lines(
            Text("Looks by outcome", "检测结果"),
            Query(f"sum by (outcome) ({_rate('sitewarden_looks_total')})", "{{outcome}}"),
            unit="cps",
            stacked=True,
            min=0,
        ),
        lines(
            Text("Mean duration by probe", "平均检测用时"),
            Query(
                f"sum by (probe) ({_rate('sitewarden_look_duration_seconds_total')})"
                f" / sum by (probe) ({_rate('sitewarden_looks_total')})",
                "{{probe}}",
            ),
            unit="s",
            min=0,
        ),
        lines(
            Text("Lateness of starts", "检测启动延迟"),
            Query(_of("sitewarden_lateness_seconds"), "p{{quantile}}"),
            Query(
                f"{_rate('sitewarden_lateness_seconds_sum')} / {_rate('sitewarden_lateness_seconds_count')}",
                Text("mean", "平均"),
            ),
            unit="s",
            min=0,
            width=8,
        ),
        lines(
            Text("Lanes", "执行通道"),
            Query(_of("sitewarden_lane_running"), Text("{{lane}} under way", "{{lane}} 执行中")),
            Query(_of("sitewarden_lane_waiting"), Text("{{lane}} waiting", "{{lane}} 等待")),
            min=0,
            width=8,
        ),
        lines(
            Text("Skipped turns", "跳过的检测"),
            Query(_rate("sitewarden_skipped_ticks_total"), "{{lane}}"),
            unit="cps",
            min=0,
            width=8,
        ),
    ),
)

_DECISIONS = Row(
    Text("Decisions and database", "判断与数据库"),
    (
        lines(
            Text("Decisions and changes", "判断与变更"),
            Query(_rate("sitewarden_decisions_total"), Text("decisions", "判断")),
            Query(_rate("sitewarden_changes_total"), Text("changes", "变更")),
            Query(_rate("sitewarden_commits_total"), Text("commits", "提交")),
            unit="cps",
            min=0,
            width=8,
        ),
        lines(
            Text("Duration of a commit", "提交用时"),
            Query(
                f"{_rate('sitewarden_commit_duration_seconds_total')} / {_rate('sitewarden_commits_total')}",
                Text("mean", "平均"),
            ),
            unit="s",
            min=0,
            width=8,
        ),
        lines(
            Text("What waits", "等待"),
            Query(_of("sitewarden_queue_depth"), Text("inputs", "输入")),
            Query(_of("sitewarden_uncommitted_changes"), Text("changes", "变更")),
            Query(_rate("sitewarden_commit_failures_total"), Text("failures a second", "每秒失败")),
            min=0,
            width=8,
        ),
        lines(
            Text("Conditions that are not ok", "异常条件"),
            Query(_of("sitewarden_conditions"), "{{state}}"),
            Query(_of("sitewarden_conditions_untold"), Text("held back", "抑制")),
            min=0,
            decimals=0,
        ),
        lines(
            Text("Tickets opened", "新开工单"),
            Query(f"increase({_of('sitewarden_tickets_opened_total')}[$__rate_interval])", Text("opened", "新开")),
            min=0,
        ),
    ),
)

_OUTBOX = Row(
    Text("Outbox", "发件箱"),
    (
        lines(
            Text("Messages that wait", "待发消息"),
            Query(_of("sitewarden_outbox_waiting"), Text("waiting", "等待")),
            min=0,
            decimals=0,
            width=8,
        ),
        lines(
            Text("Age of the oldest", "最旧消息等待时间"),
            Query(_of("sitewarden_outbox_oldest_seconds"), Text("oldest", "最旧")),
            unit="s",
            min=0,
            width=8,
        ),
        lines(
            Text("Deliveries", "投递"),
            Query(f"sum by (channel, result) ({_rate('sitewarden_deliveries_total')})", "{{channel}} {{result}}"),
            unit="cps",
            min=0,
            width=8,
        ),
    ),
)

_MACHINE = Row(
    Text("Process", "进程"),
    (
        lines(
            Text("Processor", "处理器"),
            Query(_rate("process_cpu_seconds_total"), Text("used", "占用")),
            unit="percentunit",
            min=0,
            width=8,
        ),
        lines(
            Text("Memory", "内存"),
            Query(_of("process_resident_memory_bytes"), Text("resident", "常驻")),
            unit="bytes",
            min=0,
            width=8,
        ),
        lines(
            Text("Open files", "打开文件"),
            Query(_of("process_open_fds"), Text("open", "已用")),
            Query(_of("process_max_fds"), Text("limit", "上限")),
            min=0,
            width=8,
        ),
        lines(
            Text("Reloads of the configuration", "配置重载"),
            Query(f"increase({_of('sitewarden_reloads_total')}[$__rate_interval])", "{{result}}"),
            min=0,
            width=12,
        ),
        lines(
            Text("Decoders that hung or died", "解码进程挂起或崩溃"),
            Query(f"increase({_of('sitewarden_decoder_deaths_total')}[$__rate_interval])", Text("deaths", "次数")),
            min=0,
            width=12,
        ),
    ),
)

DAEMON = Dashboard(
    "daemon",
    Text("Sitewarden: the daemon", "Sitewarden：守护程序"),
    (_NOW, _TROUBLES, _LOOKS, _DECISIONS, _OUTBOX, _MACHINE),
    span="now-6h",
)
