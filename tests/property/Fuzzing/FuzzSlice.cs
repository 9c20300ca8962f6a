using System.Text;
using Lineage.Agents.Shards;
using Lineage.Contracts.Format;
using Lineage.Fuzz;
using Lineage.Fuzz.Targets;

namespace Lineage.Tests.Property.Fuzzing;

/// <summary>A slice of <c>./dev fuzz</c> with a fixed seed: the whole corpus as it is, then altered inputs. Time is not judged.</summary>
public sealed class FuzzSlice
{
    const int Executions = 20_000;

    public static TheoryData<string> Targets => [.. Places.Targets];

    [Fact]
    public void Hostile_inputs_are_read_or_refused_as_documented()
    {
        using var log = new StringWriter();
        var campaign = Run(new Options { Executions = Executions, Seed = 20_261_124 }, log);
        Assert.True(campaign.Findings.Count == 0, log.ToString());
        Assert.InRange(campaign.Executions, Executions, int.MaxValue);
    }

    [Theory, MemberData(nameof(Targets))]
    public void Every_seed_of_the_corpus_is_read(string name)
    {
        var target = Places.Create(name);
        var seeds = Places.Seeds(name);
        Assert.NotEmpty(seeds);
        foreach (var seed in seeds)
        {
            var ending = new Oracle(clock: null).Run(target, seed);
            Assert.True(ending is { Problem: null, Refused: false }, $"{name}: {Encoding.UTF8.GetString(seed)}: {ending}");
        }
    }

    [Fact]
    public void The_corpus_has_chunks_of_every_mode()
    {
        var modes = new HashSet<ChunkMode>();
        foreach (var seed in Places.Seeds("shard"))
        {
            using var reader = ShardReader.Open(new MemoryStream(seed), "seed");
            modes.UnionWith(Enumerable.Range(0, reader.ChunkCount).Select(chunk => reader.Entry(chunk).Mode));
        }

        Assert.Equal(Enum.GetValues<ChunkMode>(), modes.Order());
    }

    [Fact]
    public void The_same_seed_walks_the_same_way()
    {
        static string Walk()
        {
            var worker = Run(new Options { Executions = 2_000, Seed = 7 }, TextWriter.Null).Workers.Single();
            return string.Join(
                '\n', worker.Figures.OrderBy(static f => f.Key, StringComparer.Ordinal)
                    .Select(static f => $"{f.Key} {f.Value.Executions} {f.Value.Refused}").Append($"{worker.CorpusCount}"));
        }

        Assert.Equal(Walk(), Walk());
    }

    static Campaign Run(Options options, TextWriter log)
    {
        var campaign = new Campaign(options, TimeProvider.System, ownProcess: false, log);
        campaign.Run();
        return campaign;
    }

    /// <summary>An oracle that finds nothing in a bad reader proves nothing about good ones.</summary>
    [Theory, InlineData("throws"), InlineData("allocates"), InlineData("contradicts")]
    public void A_reader_that_misbehaves_is_found(string how)
    {
        Assert.NotNull(new Oracle(clock: null).Run(new BadTarget(how), [1]).Problem);
        Assert.Null(new Oracle(clock: null).Run(new BadTarget("refuses"), [1]).Problem);
    }

    sealed class BadTarget(string how) : FuzzTarget
    {
        public override string Name => "bad";

        public override long AllocatedBytesMax(int inputLength) => 64 * inputLength + 65_536;

        public override bool IsRefusal(Exception e) => e is FormatException;

        protected override void Run(byte[] input)
        {
            if (how == "throws") throw new InvalidOperationException("as a careless reader would");
            if (how == "contradicts") throw new LawBrokenException("it said two things");
            if (how == "refuses") throw new FormatException("as documented");
            Assert.NotEmpty(new byte[1 << 20]);
        }

        protected override byte[] Alter(byte[] input, byte[] other, Random random) => input;
    }
}
