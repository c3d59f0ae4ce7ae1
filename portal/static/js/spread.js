// When copies appeared: one lane for each site, one point for each copy. The table below
// the chart says the same. Tooltips are drawn on the canvas: no inline style, so no CSP hole.

const card = document.getElementById("spread-card");
const box = document.getElementById("spread");
const data = document.getElementById("spread-points");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const HOUR = 3600 * 1000;

function timeAxis(points) {
  const times = points.map((point) => Date.parse(point.at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const room = Math.max(6 * HOUR, 0.04 * (last - first)); // also where all came at once
  const isLong = last - first > 72 * HOUR;
  return {
    type: "time",
    min: first - room,
    max: last + room,
    splitLine: { show: false },
    format: isLong ? "{yyyy}-{MM}-{dd}" : "{MM}-{dd} {HH}:{mm}",
  };
}

function draw(chart, points) {
  const hosts = [...new Set(points.map((point) => point.host))];
  const words = box.dataset;
  const looks = {
    confirmed: [words.confirmed, "circle", colour("--bad")],
    open: [words.open, "diamond", colour("--warn")],
    away: [words.away, "emptyCircle", colour("--good")],
  };
  const { format, ...time } = timeAxis(points);
  const ink = colour("--muted");
  const axis = { axisLabel: { color: ink }, axisLine: { lineStyle: { color: ink } } };
  chart.setOption({
    useUTC: true,
    animation: false,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 14, itemHeight: 14, textStyle: { color: colour("--ink") } },
    tooltip: {
      renderMode: "richText",
      formatter: ({ data: [, , point] }) =>
        [point.host, point.account, point.kind, point.at.slice(0, 16).replace("T", " ")]
          .filter(Boolean).join("\n"),
    },
    xAxis: { ...axis, ...time, axisLabel: { color: ink, hideOverlap: true, formatter: format } },
    yAxis: {
      type: "category", data: hosts, inverse: true, ...axis,
      axisLabel: { color: ink, width: Math.min(180, box.clientWidth / 3), overflow: "truncate" },
      splitLine: { show: true, lineStyle: { color: colour("--line") } },
    },
    series: Object.entries(looks).map(([state, [name, symbol, tone]]) => ({
      name, symbol, type: "scatter", symbolSize: 14, itemStyle: { color: tone },
      data: points.filter((point) => point.state === state)
        .map((point) => [point.at, point.host, point]),
    })).filter((series) => series.data.length > 0),
  }, true);
}

if (box && data && globalThis.echarts) {
  card.hidden = false;
  const points = JSON.parse(data.textContent);
  const lanes = new Set(points.map((point) => point.host)).size;
  box.style.blockSize = `${Math.max(180, 90 + 44 * lanes)}px`;
  const chart = globalThis.echarts.init(box, null, { renderer: "canvas" });
  const again = () => { chart.resize(); draw(chart, points); };
  draw(chart, points);
  addEventListener("resize", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
}
