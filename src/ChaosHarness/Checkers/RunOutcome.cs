using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lineage.Contracts.Identity;

namespace Lineage.ChaosHarness.Checkers;

/// <summary>
/// How a run ended, read from the files that its ranks left: the state digest of each rank and the losses of the surviving history. Own
/// reading of both, so that a mistake in the trainer's reader cannot hide itself.
/// </summary>
/// <param name="StateDigests">By rank.</param>
/// <param name="Losses">By step, the 64 bits of the loss as hexadecimal digits.</param>
public sealed record RunOutcome(IReadOnlyList<ContentHash> StateDigests, IReadOnlyDictionary<long, string> Losses)
{
    /// <summary>SHA-256 over the digests of all ranks in rank order, each as text ended by a line feed.</summary>
    public ContentHash Digest => ContentHash.FromDigest(
        SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(StateDigests.Select(static digest => $"{digest}\n")))));

    /// <exception cref="FileNotFoundException">A rank left no final report: it did not end.</exception>
    public static RunOutcome Read(string stateDirectory, RunId run, WorldSize world)
    {
        var folder = Path.Combine(stateDirectory, "runs", run.ToString());
        return new RunOutcome(
            [.. world.Ranks.Select(
                rank => FinalDigest(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"final-r{rank.Value}.json"))))],
            SurvivingLosses(Path.Combine(folder, "loss.jsonl")));
    }

    /// <summary>Null if both ended alike; otherwise the first difference.</summary>
    public string? DifferenceTo(RunOutcome golden)
    {
        for (var rank = 0; rank < Math.Max(StateDigests.Count, golden.StateDigests.Count); rank++)
        {
            var (mine, theirs) = (StateDigests.ElementAtOrDefault(rank), golden.StateDigests.ElementAtOrDefault(rank));
            if (mine != theirs) return $"rank {rank} ended in {mine}, the golden run in {theirs}";
        }

        if (Losses.Count != golden.Losses.Count)
            return $"the surviving history has {Losses.Count:N0} steps with a loss, the golden one {golden.Losses.Count:N0}";
        foreach (var (step, loss) in golden.Losses)
            if (!Losses.TryGetValue(step, out var bits) || !string.Equals(bits, loss, StringComparison.Ordinal))
                return $"the loss of step {step:N0} has the bits {bits ?? "(none)"}, the golden one {loss}";
        return null;
    }

    static ContentHash FinalDigest(string path)
    {
        using var report = JsonDocument.Parse(File.ReadAllBytes(path));
        return ContentHash.Parse(report.RootElement.GetProperty("stateDigest").GetString()!);
    }

    /// <summary>
    /// Lines in the order of writing. When a generation goes back, it writes the steps again: what was written before for the same and
    /// for later steps is not part of the history that survived.
    /// </summary>
    static SortedDictionary<long, string> SurvivingLosses(string path)
    {
        var surviving = new SortedDictionary<long, string>();
        var text = File.ReadAllText(path);
        var whole = text[..(text.LastIndexOf('\n') + 1)];   // what follows the last line feed was torn by a kill
        foreach (var line in whole.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var record = JsonDocument.Parse(line);
            var step = record.RootElement.GetProperty("step").GetInt64();
            foreach (var later in surviving.Keys.Where(key => key >= step).ToList()) surviving.Remove(later);
            surviving[step] = record.RootElement.GetProperty("bits").GetString()!;
        }

        return surviving;
    }
}
