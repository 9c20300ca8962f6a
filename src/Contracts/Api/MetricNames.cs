namespace Lineage.Contracts.Api;

/// <summary>Names of metrics that mean something to the service. Any other name is kept and never interpreted.</summary>
public static class MetricNames
{
    /// <summary>Training loss of the step; where loss spikes are looked for unless another name is given.</summary>
    public const string Loss = "loss";

    /// <summary>
    /// Data position: samples that all ranks together have consumed since the run began, a whole number. What a restart repeats or skips
    /// is told from it (<see cref="DataContinuity"/>).
    /// </summary>
    public const string DataSamples = "data.samples";

    /// <summary>Passes over the data that were completed, a whole number.</summary>
    public const string DataEpoch = "data.epoch";

    public const int CharactersMax = 128;

    /// <summary>Null if it can name a metric; otherwise what is wrong with it.</summary>
    public static string? Objection(string? name)
    {
        if (name is not { Length: >= 1 and <= CharactersMax })
            return $"a name of {name?.Length ?? 0} characters; allowed are 1-{CharactersMax}.";
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-' or '/')) return
                $"\"{name}\" holds a character other than A-Z, a-z, 0-9, '.', '_', '-' and '/'.";
        return null;
    }
}
