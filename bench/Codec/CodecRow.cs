using Lineage.Bench.Measuring;
using Lineage.Bench.Traces;
using Lineage.Contracts.Format;

namespace Lineage.Bench.Codec;

/// <summary>What one codec did with one trace.</summary>
/// <param name="Verified">What was decoded has the digest of what was encoded.</param>
/// <param name="ClassBits">Stored bits per element, by class of tensor; empty where the codec does not know.</param>
sealed record CodecRow(
    string Trace, string Kind, TraceKind Source, string Codec, long RawBytes, long StoredBytes, long Parameters, Timing Encode,
    Timing Decode, bool Verified, IReadOnlyDictionary<string, double> ClassBits)
{
    public bool IsProgram => Codec.EndsWith("(program)", StringComparison.Ordinal);

    public double Ratio => (double)RawBytes / StoredBytes;

    public double BitsPerParameter => 8.0 * StoredBytes / Parameters;

    public double EncodeSpeed => Encode.GigabytesPerCore(RawBytes);

    public double DecodeSpeed => Decode.GigabytesPerCore(RawBytes);
}

/// <summary>Tensors that behave alike.</summary>
static class TensorClass
{
    public const string Brain = "bf16", Master = "master", ExpAvg = "exp_avg", ExpAvgSq = "exp_avg_sq", Other = "other";

    public static readonly string[] All = [Brain, Master, ExpAvg, ExpAvgSq, Other];

    public static string Of(TensorSpec tensor) => tensor switch
    {
        { Role: TensorRole.Weight, Dtype: TensorDtype.BF16 } => Brain,
        { Role: TensorRole.Master } => Master,
        { Role: TensorRole.ExpAvg } => ExpAvg,
        { Role: TensorRole.ExpAvgSq } => ExpAvgSq,
        _ => Other,
    };

    /// <param name="bitsOf">Stored bits of a tensor.</param>
    /// <returns>Bits per element of every class that the state has.</returns>
    public static Dictionary<string, double> Bits(MemoryTensors state, Func<int, double> bitsOf) => state.Tensors.Index()
        .Where(static t => t.Item.Elements > 0)
        .GroupBy(static t => Of(t.Item), StringComparer.Ordinal)
        .ToDictionary(
            static group => group.Key,
            group => group.Sum(t => bitsOf(t.Index)) / group.Sum(static t => t.Item.Elements), StringComparer.Ordinal);
}
