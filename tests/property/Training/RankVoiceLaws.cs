using System.Net;
using Lineage.Agents.Training;
using Lineage.Contracts.Identity;
using Lineage.Tests.Property.Saving;

namespace Lineage.Tests.Property.Training;

public sealed class RankVoiceLaws
{
    /// <summary>The outbox lies on the same disk as the log: a rank that says that it is full must not die of saying so.</summary>
    [Fact]
    public void A_log_on_a_full_disk_is_complained_of_once_and_stops_nobody()
    {
        if (!File.Exists("/dev/full")) return;   // another kernel than Linux: there is no file that is always full
        using var directory = new TempDirectory();
        var (run, rank) = (RunId.Parse("demo"), new Rank(0));
        var options = new RankOptions(
            run, new Generation(1), rank, new WorldSize(1), directory["state"], new IPEndPoint(IPAddress.Loopback, 1), "token",
            new Step(1), SaveEvery: 1, RestorePoint: null, Trainer: null!, Corpus: null, LauncherProcess: 0);
        var log = new RunDirectory(directory["state"], run).Log(rank);
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        File.CreateSymbolicLink(log, "/dev/full");
        var (events, complaints) = (new StringWriter(), new List<string>());
        using (var voice = new RankVoice(options, events, TimeProvider.System, complaints.Add))
        {
            for (var i = 0; i < 3; i++) voice.Log("a line");
            voice.Tell(RankEventKind.Alive);
        }

        Assert.Contains("No space left on device", Assert.Single(complaints), StringComparison.Ordinal);
        Assert.Contains("alive", events.ToString(), StringComparison.Ordinal);
    }
}
