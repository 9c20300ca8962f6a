using System.Text.Json;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Record;

/// <summary>One request and the judge of its answer.</summary>
/// <param name="Objection">What is wrong with the answer, given its body; null: nothing.</param>
sealed record Asked(string Path, Func<string, Task<string?>> Objection)
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    /// <summary>The answer has to be exactly this.</summary>
    public static Asked Expecting<T>(string path, Func<Task<T?>> expected) where T : class => new(path, async body =>
    {
        var got = JsonSerializer.Serialize(JsonSerializer.Deserialize<T>(body, Json), Json);
        var wanted = JsonSerializer.Serialize(await expected(), Json);
        return string.Equals(got, wanted, StringComparison.Ordinal) ? null : $"{path}: got {got}, expected {wanted}";
    });

    /// <summary>The answer has to satisfy a claim.</summary>
    public static Asked Claiming<T>(string path, Func<T, bool> holds) => new(path, body =>
        Task.FromResult(holds(JsonSerializer.Deserialize<T>(body, Json)!) ? null : $"{path}: {body}"));
}

/// <summary>A question of the design's table.</summary>
/// <param name="Draw">Makes a request by chance.</param>
sealed record Question(int Number, string Text, double TargetMs, Func<RecordModel, Random, Asked> Draw)
{
    /// <summary>Fewer requests for a question that costs a replay.</summary>
    public double Share { get; init; } = 1;
}
