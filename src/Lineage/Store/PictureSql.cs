using Lineage.Contracts.Identity;
using Lineage.Questions;
using Npgsql;
using NpgsqlTypes;

namespace Lineage.Store;

/// <summary>The statements behind pictures of runs. Every one is bounded by its limit, by generations, or by the links of chains.</summary>
static class PictureSql
{
    const string Runs = $"{MartenSetup.Schema}.mt_doc_run", Checkpoints = $"{MartenSetup.Schema}.mt_doc_checkpoint",
        Recoveries = $"{MartenSetup.Schema}.mt_doc_recovery";

    const string Newest = "order by c.step desc, c.generation desc";

    const string Run = $"select outline from {Runs} where id = $1";

    /// <summary>What each recovery did to the history, and how fast its ranks restored.</summary>
    public const string Turns = $"select outline, rates from {Recoveries} where run_name = $1";

    /// <summary>Every generation's newest sealed checkpoint, every restore point, every target of a rewind: where stretches of the history
    /// end.</summary>
    const string Ends = $"""
        select t.generation, t.step, t.outline from {Runs} r, generate_series(1, r.generation) g,
        lateral (select c.generation, c.step, c.outline from {Checkpoints} c where c.run_name = $1 and c.generation = g and c.is_sealed
                 order by c.step desc limit 1) t
        where r.id = 'run/' || $1
        union all
        select c.generation, c.step, c.outline from {Recoveries} v join {Checkpoints} c on c.id = v.chosen_key and c.run_name = $1
        where v.run_name = $1
        union all
        select c.generation, c.step, c.outline from {Runs} r, jsonb_array_elements(r.outline::jsonb -> 'rewound') w
        join {Checkpoints} c on c.id = 'checkpoint/' || (w ->> 'to') where r.id = 'run/' || $1
        """;

    /// <summary>A fork's first checkpoint continues the one that the run was forked from.</summary>
    const string Parent = $"coalesce(c.parent_key, (select r.origin_key from {Runs} r where r.id = 'run/' || c.run_name))";

    public const string Forks = $"""
        select r.outline, t.outline from {Runs} r left join lateral (
            select c.outline from {Checkpoints} c where c.run_name = r.run_name and c.is_sealed
            order by c.generation desc, c.step desc limit 1) t on true
        where r.origin_run = $1
        """;

    public static NpgsqlParameter Name(RunId run) => new() { Value = run.ToString() };

    /// <summary>Outline of the run; turns; the first checkpoints with the chains below; where stretches end.</summary>
    public static IReadOnlyList<Statement> Slice(RunId run, Statement first) =>
    [
        new(Run, new NpgsqlParameter { Value = run.StreamKey }), new(Turns, Name(run)),
        new(
            $"""
            with recursive slice as materialized ({first.Sql}),
            links(id) as (
                select base_key from slice where base_key is not null
                union select c.base_key from links l join {Checkpoints} c on c.id = l.id where c.base_key is not null)
            select true, outline from slice
            union all select false, c.outline from links l join {Checkpoints} c on c.id = l.id where l.id not in (select id from slice)
            """, first.Values),
        new(Ends, Name(run)),
    ];

    public static Statement First(RunId run, PointQuestion question, int count) => question switch
    {
        PointQuestion.Newest { AtOrBefore: var step } => UpTo(run, step?.Value ?? Step.Max, count),
        PointQuestion.BeforeSpike { To: var to } => UpTo(run, to.Value, count),
        PointQuestion.Cheapest => new(
            Rows("c.run_name = $1 and c.is_sealed", "order by c.read_bytes nulls last, c.step desc, c.generation desc", "$2"),
            Name(run), Number(count)),
        PointQuestion.Best best => new(
            Rows("c.run_name = $1", $"order by (c.metrics::jsonb ->> $2)::float8 {(best.Lowest ? "asc" : "desc")} nulls last, "
                + "c.step desc, c.generation desc", "$3"),
            Name(run), new NpgsqlParameter { Value = best.Metric }, Number(count)),
        _ => throw new ArgumentOutOfRangeException(nameof(question), question, "Not asked of a run's rows."),
    };

    static Statement UpTo(RunId run, long step, int count) =>
        new(Rows("c.run_name = $1 and c.step <= $2", Newest, "$3"), Name(run), Number(step), Number(count));

    /// <summary>The newest before a save, which itself may exist already.</summary>
    public static Statement Before(CheckpointId checkpoint, int count) => new(
        Rows("c.run_name = $1 and (c.step, c.generation) < ($2, $3)", Newest, "$4"),
        Name(checkpoint.Run), Number(checkpoint.Step.Value), Number(checkpoint.Generation.Value), Number(count));

    public static Statement Descent(CheckpointId from, int count) => new(Walk(", c.outline", "p.outline"), Key(from), Number(count));

    public static Statement Path(CheckpointId from, int count) => new(Walk("", "null"), Key(from), Number(count));

    public static Statement Links(string[] keys) => new(
        $"""
        with recursive links(id) as (
            select unnest($1) union select c.base_key from links l join {Checkpoints} c on c.id = l.id where c.base_key is not null)
        select c.outline from links l join {Checkpoints} c on c.id = l.id
        """, new NpgsqlParameter { Value = keys, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });

    static string Walk(string carried, string shown) => $"""
        with recursive path as (
            select c.id, 1 as place, {Parent} as parent{carried} from {Checkpoints} c where c.id = $1
            union all
            select c.id, p.place + 1, {Parent}{carried} from path p join {Checkpoints} c on c.id = p.parent where p.place < $2)
        select p.id, p.parent, {shown} from path p order by p.place
        """;

    static string Rows(string where, string order, string limit) =>
        $"select c.id, c.base_key, c.outline from {Checkpoints} c where {where} {order} limit {limit}";

    static NpgsqlParameter Key(CheckpointId id) => new() { Value = id.StreamKey };

    static NpgsqlParameter Number(long value) => new() { Value = value, NpgsqlDbType = NpgsqlDbType.Bigint };
}
