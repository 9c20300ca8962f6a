namespace Lineage.ChaosHarness.Reports;

/// <summary>Colours and type of the report; no font, picture or script is loaded.</summary>
static class ReportStyle
{
    public const string Css = """
        :root{--ink:#18212c;--soft:#5b6878;--line:#dde3ea;--ground:#fbfcfd;--card:#fff;--shade:#f2f5f8;--good:#0a7040;--goodbg:#e3f4ea;
        --bad:#b3161b;--badbg:#fdeaea;--warn:#8a5a00;--warnbg:#fdf3dc;--accent:#2456c6;--band:#e0484838;--c1:#2456c6;--c2:#0a7040;
        --c3:#8a5a00;
        --c4:#7a2fb0;--c5:#b3161b}
        @media(prefers-color-scheme:dark){:root{--ink:#e4eaf1;--soft:#98a5b5;--line:#2c3744;--ground:#10161d;--card:#161e27;
        --shade:#1d2732;
        --good:#58d091;--goodbg:#12301f;--bad:#ff8080;--badbg:#3a1719;--warn:#f0bf5b;--warnbg:#352a10;--accent:#8ab0ff;--band:#ff6b6b3a;
        --c1:#8ab0ff;--c2:#58d091;--c3:#f0bf5b;--c4:#cf9bff;--c5:#ff8080}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);
        font:15px/1.55 system-ui,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif}
        main{max-width:1280px;margin:0 auto;padding:2.25rem 1.5rem 4rem}
        h1{font-size:1.7rem;line-height:1.2;margin:0} h2{font-size:1.15rem;margin:2.6rem 0 .7rem}
        p{margin:.4rem 0;max-width:78ch} .soft{color:var(--soft)} .small{font-size:.86rem}
        .verdict{display:flex;gap:1rem;align-items:center;border-radius:12px;padding:1.1rem 1.3rem;margin:1.2rem 0}
        .verdict b{display:block;font-size:1.2rem} .verdict .sign{font-size:1.9rem;line-height:1}
        .good{background:var(--goodbg);color:var(--good)} .bad{background:var(--badbg);color:var(--bad)} .warn{background:var(--warnbg);
        color:var(--warn)}
        .verdict span.by{color:var(--ink)}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:.8rem;margin:1rem 0}
        .tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.7rem .9rem}
        .tile b{display:block;font-size:1.35rem;font-variant-numeric:tabular-nums} .tile span{color:var(--soft);font-size:.84rem}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.1rem;margin:.8rem 0;overflow-x:auto}
        .pair{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin:.7rem 0 .2rem}
        @media(max-width:760px){.pair{grid-template-columns:1fr}}
        .pair>div{border-radius:8px;padding:.6rem .8rem} .pair h4{margin:0 0 .2rem;font-size:.78rem;text-transform:uppercase;
        letter-spacing:.05em}
        .pair p{color:var(--ink);margin:0}
        table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
        th{text-align:left;font-weight:600;color:var(--soft);font-size:.84rem;border-bottom:1px solid var(--line);
        padding:.4rem .7rem .4rem 0}
        td{vertical-align:top;border-bottom:1px solid var(--line);padding:.38rem .7rem .38rem 0;overflow-wrap:anywhere}
        tr:last-child td{border-bottom:0} td.n,th.n{text-align:right;white-space:nowrap} td.id{font-weight:600;white-space:nowrap}
        tr.hit td{background:var(--badbg)} tr.fault td{background:var(--warnbg)} td.w{white-space:nowrap}
        .tag{display:inline-block;border-radius:999px;padding:.05rem .6rem;font-size:.82rem;font-weight:600;white-space:nowrap}
        .none{background:var(--shade);color:var(--soft)}
        code,pre{font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        pre{background:var(--shade);border-radius:8px;padding:.7rem .9rem;margin:.5rem 0;overflow-x:auto;white-space:pre-wrap;
        overflow-wrap:anywhere}
        svg{display:block;width:100%;height:auto;min-width:760px} svg text{fill:var(--soft);font:11px system-ui,"DejaVu Sans",sans-serif}
        svg .lane{stroke:var(--line)} svg .band{fill:var(--band)} svg .cut{stroke:var(--c5);stroke-dasharray:3 3}
        .c1{fill:var(--c1);color:var(--c1)} .c2{fill:var(--c2);color:var(--c2)} .c3{fill:var(--c3);color:var(--c3)} .c4{fill:var(--c4);
        color:var(--c4)}
        .c5{fill:var(--c5);color:var(--c5)} .key span{margin-right:1.1rem;white-space:nowrap}
        .heat td,.heat th{text-align:center;padding:.35rem .4rem} .heat td:first-child,.heat th:first-child{text-align:left}
        .cell{border-radius:6px;display:block;min-width:3.2rem;padding:.15rem 0}
        .points td:nth-child(2),.points th:nth-child(2){text-align:left}
        .matrix td,.matrix th{padding:.2rem .25rem} .matrix td.dot,.matrix th.col{text-align:center;font-size:.82rem}
        .matrix td.dot.soft{opacity:.45} .matrix tr:hover td{background:var(--shade)} td.wide{width:70%}
        .bars td,.bars th{padding:.2rem .7rem .2rem 0}
        .bar{display:block;height:.8rem;background:var(--accent);border-radius:3px;opacity:.75}
        a{color:var(--accent)}
        details summary{cursor:pointer;color:var(--accent);padding:.3rem 0}
        @media print{main{max-width:none;padding:0} .card,.tile{break-inside:avoid}}
        """;
}
