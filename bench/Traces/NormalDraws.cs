namespace Lineage.Bench.Traces;

/// <summary>Normal draws, eight lanes at a time, handed out one by one.</summary>
sealed class NormalDraws(ulong seed)
{
    const int LaneOfStart = -8;   // no element's own stream

    readonly float[] lanes = new float[8];
    LaneNoise noise = new(seed, LaneOfStart);
    int used = 8;

    public float Next()
    {
        if (used == lanes.Length)
        {
            System.Runtime.Intrinsics.Vector256.CopyTo(noise.Next(), lanes);
            used = 0;
        }

        return lanes[used++];
    }

    /// <summary>exp(sigma · normal). Rounded by way of double, where libraries differ in the last place at most.</summary>
    public float[] Lognormal(int count, float sigma) => [.. Enumerable.Range(0, count).Select(_ => (float)Math.Exp(sigma * Next()))];
}
