using System.Globalization;
using System.Runtime.InteropServices;
using Lineage.Agents.Training;
using Lineage.Contracts.Format;
using Lineage.Contracts.Identity;

namespace Lineage.Bench.Traces;

/// <summary>States of the reference trainer on real text, in the layout of mixed precision: its fp32 weights as the masters, their casts
/// as the weights. One rank in this process; slow, because it trains.</summary>
static class TrainerDumps
{
    static string Full(int layers) => string.Create(CultureInfo.InvariantCulture, $"trainer ({layers} layers)");

    /// <summary>States live until the next trace is asked for. Nothing at all, with the reason narrated, where libtorch or a text is
    /// missing.</summary>
    public static IEnumerable<Trace> Of(TraceSize size, Func<string, bool> wanted, Action<string> narrate)
    {
        var settings = TrainerSettings.Default with { Optimizer = new AdamWSettings(LearningRate: 3e-4) };
        var full = Full(settings.Shape.Layers);
        if (!size.TrainerDistances.Select(distance => Step(full, distance)).Append(full).Any(wanted)) yield break;
        if (Load(settings, narrate) is not { } corpus) yield break;
        narrate($"training {size.TrainerWarmup + size.TrainerDistances[^1]:N0} steps on {corpus.Source}");
        var states = Train(settings, corpus, size).ToList();
        try
        {
            yield return new Trace(full, states[0], Base: null, TraceKind.Trained);
            foreach (var (i, distance) in size.TrainerDistances.Index())
                yield return new Trace(Step(full, distance), states[i + 1], states[0], TraceKind.Trained);
        }
        finally
        {
            foreach (var state in states) state.Dispose();
        }
    }

    static string Step(string full, int distance) => string.Create(CultureInfo.InvariantCulture, $"{full} k={distance}");

    static Corpus? Load(TrainerSettings settings, Action<string> narrate)
    {
        try
        {
            Libtorch.Load();
            return Corpus.Load(path: null, settings.Shape.Context);
        }
        catch (Exception e) when (e is LibtorchMissingException or CorpusMissingException)
        {
            narrate($"skipped: dumps of the reference trainer. {e.Message}");
            return null;
        }
    }

    static IEnumerable<MemoryTensors> Train(TrainerSettings settings, Corpus corpus, TraceSize size)
    {
        var (rank, world, alone) = (Rank.From(0), WorldSize.From(1), new Dictionary<Rank, System.Net.Sockets.Socket>());
        var mesh = new RankMesh(rank, world, Generation.From(1), alone, TimeSpan.FromMinutes(1), TimeProvider.System);
        using var trainer = new Trainer(settings, corpus, mesh);
        foreach (var distance in size.TrainerDistances.Prepend(0))
        {
            while (trainer.Step.Value < size.TrainerWarmup + distance)
                trainer.StepAsync(askToStop: false, CancellationToken.None).GetAwaiter().GetResult();
            yield return Mixed(trainer.State);
        }
    }

    /// <summary>The trainer keeps weight, first and second moment of a parameter side by side.</summary>
    static MemoryTensors Mixed(TrainerState state)
    {
        var weights = state.Layout.Index().Where(static t => t.Item.Role == TensorRole.Weight).ToList();
        var mixed = new MemoryTensors([.. weights.SelectMany(static t => MixedPrecision.Specs(t.Item.Name, [.. t.Item.Sizes]))]);
        foreach (var (i, weight) in weights.Index())
            MixedPrecision.Fill(
                mixed, i * MixedPrecision.TensorsPerMatrix, Floats(weight.Index), Floats(weight.Index + 1), Floats(weight.Index + 2));
        return mixed;

        float[] Floats(int tensor)
        {
            var values = new float[state.Layout[tensor].Elements];
            state.Read(tensor, 0, MemoryMarshal.AsBytes(values.AsSpan()));
            return values;
        }
    }
}
