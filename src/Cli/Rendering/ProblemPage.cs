using System.Text.Json;
using Lineage.Contracts.Api;
using Lineage.Contracts.Format;

namespace Lineage.Cli.Rendering;

/// <summary>
/// One refusal or failure as people and programs read it: title and stable code, the sentences (what was refused, got against expected,
/// what is left, what to do next), members that a code carries, and the exit code.
/// </summary>
internal static class ProblemPage
{
    const int Wrap = 100;
    static readonly JsonSerializerOptions Json = ContractJson.Create();

    public static IReadOnlyList<Line> Draw(Problem problem, Screen screen)
    {
        var width = screen.Width == 0 ? Wrap : Math.Min(screen.Width, Wrap);
        var lines = new List<Line> { new(("lineage: ", Tone.Bad), (problem.Title, Tone.Strong), ($" [{problem.Code}]", Tone.Dim)) };
        lines.AddRange(Paragraph(problem.Detail, width - 2).Select(static text => new Line("  ", text)));
        foreach (var (name, value) in problem.Extensions.Where(static member => IsPlain(member.Value)
            && member.Key is not ("traceId" or "instance")))
            lines.AddRange(Paragraph($"{name}: {Flat(value)}", width - 2).Select(static text => new Line("  ", (text, Tone.Dim))));
        if (Hint(problem) is { } hint) lines.Add(new Line("  ", ("next: ", Tone.Dim), (hint, Tone.Accent)));
        return lines;
    }

    public static string AsJson(Problem problem, int exitCode)
    {
        var node = JsonSerializer.SerializeToNode(problem, Json)!.AsObject();
        node.Insert(0, "schema", Answer.Schema);
        node["exitCode"] = exitCode;
        return node.ToJsonString(Json);
    }

    /// <summary>A command that helps, where the sentences name none.</summary>
    static string? Hint(Problem problem) => problem.Code switch
    {
        _ when problem.Detail.Contains("lineage ", StringComparison.Ordinal) => null,
        ProblemCodes.NoSuchRun => "lineage run list",
        ProblemCodes.NoSuchCheckpoint or ProblemCodes.BadReference or ProblemCodes.AmbiguousReference => "lineage log --graph RUN",
        ProblemCodes.NoSuchRecovery => "lineage recovery list RUN",
        ProblemCodes.NoRestorePoint => "lineage restore-point list RUN --explain",
        ProblemCodes.ServerUnreachable => "lineage server run",
        ProblemCodes.ShardDamaged => "lineage verify REF --deep",
        ProblemCodes.LeaseHeld => "lineage status",
        ProblemCodes.PostgresMissing or ProblemCodes.PostgresTooOld or ProblemCodes.PostgresFailed or ProblemCodes.DatabaseUnreachable
            or ProblemCodes.BrokerUnreachable or ProblemCodes.OutboxCorrupt or ProblemCodes.DiskFull or ProblemCodes.DirectoryUnwritable
            or ProblemCodes.LibtorchMissing => "lineage doctor",
        _ => null,
    };

    static bool IsPlain(JsonElement value) =>
        value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined or JsonValueKind.Object);

    static string Flat(JsonElement value) => value.ValueKind is JsonValueKind.Array
        ? string.Join(", ", value.EnumerateArray().Select(static item => item.ToString()))
        : value.ToString();

    static IEnumerable<string> Paragraph(string text, int width)
    {
        foreach (var given in text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var line = "";
            foreach (var word in given.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (line.Length > 0 && line.Length + 1 + word.Length > width)
                {
                    yield return line;
                    line = "";
                }

                line = line.Length == 0 ? word : $"{line} {word}";
            }

            yield return line;
        }
    }
}
