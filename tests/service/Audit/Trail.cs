using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;
using Lineage.Tests.Service.Worlds;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Lineage.Tests.Service.Audit;

/// <summary>The event table of a running server, as somebody with its password sees it, and the verification as an auditor asks for
/// it.</summary>
sealed class Trail(RunningServer server)
{
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public NpgsqlDataSource Database { get; } = server.Server.Services.GetRequiredService<NpgsqlDataSource>();

    /// <summary>Each statement is one command; <c>{stream}</c> stands for the stream.</summary>
    public async Task TamperAsync(string stream, params string[] statements)
    {
        await using var connection = await Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement.Replace("{stream}", $"'{stream}'", StringComparison.Ordinal), connection);
            Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
        }

        await transaction.CommitAsync();
    }

    public async Task<(IReadOnlyList<AuditFinding> Findings, AuditSummary Summary)> VerifyAsync(RunId? run)
    {
        var text = await server.Http.GetStringAsync($"v1/audit/verify{(run is { } id ? $"?run={id}" : "")}");
        AuditLine[] lines = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonSerializer.Deserialize<AuditLine>(line, Json)!)];
        return ([.. lines.Select(static line => line.Finding).OfType<AuditFinding>()], lines[^1].Summary!);
    }

    public async Task<IReadOnlyList<AuditHead>> HeadsAsync()
    {
        var heads = new List<AuditHead>();
        var text = await server.Http.GetStringAsync("v1/audit/heads");
        await HeadsFile.ReadAsync(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).ToAsyncEnumerable(), (head, _) =>
        {
            heads.Add(head);
            return Task.CompletedTask;
        }, default);
        return heads;
    }

    public async Task<IReadOnlyList<AuditFinding>> AgainstAsync(IReadOnlyList<AuditHead> heads)
    {
        using var answer = await server.Http.PostAsJsonAsync("v1/audit/heads/check", new CheckHeads(heads), Json);
        return (await answer.Content.ReadFromJsonAsync<HeadsChecked>(Json))!.Findings;
    }

    /// <summary>Every event of the streams that begin so, by stream and version, from the columns themselves.</summary>
    public async Task<IReadOnlyList<RawEvent>> RawAsync(string prefix)
    {
        var found = new List<RawEvent>();
        await using var command = Database.CreateCommand(
            "select stream_id, version, type, timestamp, correlation_id, causation_id, user_name, headers::text, data::text, seq_id "
            + "from lineage.mt_events where starts_with(stream_id, $1) order by stream_id collate \"C\", version");
        command.Parameters.Add(new() { Value = prefix });
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            found.Add(new RawEvent(
                reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetFieldValue<DateTimeOffset>(3),
                reader.IsDBNull(4) ? null : reader.GetString(4), reader.IsDBNull(5) ? null : reader.GetString(5), reader.GetString(6),
                JsonElement.Parse(reader.GetString(7)), JsonElement.Parse(reader.GetString(8)), reader.GetInt64(9)));
        return found;
    }

    /// <summary>A forger who knows everything: digests and links of a stream computed again from what it holds now, from a version on, and
    /// its row and its place in the table of streams with them.</summary>
    public async Task ForgeAsync(string stream, string table)
    {
        ContentHash? link = null;
        foreach (var e in await RawAsync(stream))
        {
            var digest = ContentHash.Of(CanonicalJson.Canonicalize(e.Body));
            link = e.LinkTo(link, digest);
            await TamperAsync(stream, string.Create(CultureInfo.InvariantCulture,
                $"update lineage.mt_events set headers = headers || '{{\"digest\":\"{digest}\",\"link\":\"{link}\"}}' "
                + $"where stream_id = {{stream}} and version = {e.Version}"));
        }

        await TamperAsync(stream, $"update lineage.mt_doc_{table} set data = data || '{{\"head\":\"{link}\"}}' where id = {{stream}}");
    }
}

/// <summary>One row of the event table.</summary>
sealed record RawEvent(
    string Stream, long Version, string Name, DateTimeOffset At, string? Correlation, string? Causation, string User, JsonElement Headers,
    JsonElement Body, long Sequence)
{
    public string? Header(string name) => Headers.TryGetProperty(name, out var value) ? value.GetString() : null;

    public ContentHash LinkTo(ContentHash? previous, ContentHash digest) => EventChain.Link(previous, new ChainedEvent(
        Stream, Version, Name, At, Header("actor"), Correlation, Causation, Header("command"), digest));
}
