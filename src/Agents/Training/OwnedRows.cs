namespace Lineage.Agents.Training;

/// <summary>One rank's rows of one parameter, and where they lie in the packed rows of that rank. All in bytes of fp32.</summary>
/// <param name="Rows">Which rows; may be empty.</param>
/// <param name="SourceByte">Where the rows begin in the whole parameter.</param>
/// <param name="PackedByte">Where they begin in the rank's packed rows.</param>
public sealed record OwnedPiece(int Parameter, RowRange Rows, int SourceByte, int PackedByte, int Bytes);

/// <summary>Everything one rank owns: the pieces of all parameters, packed one behind the other in parameter order.</summary>
public sealed record OwnedRows(int Rank, IReadOnlyList<OwnedPiece> Pieces, int Bytes)
{
    public const int ElementBytes = sizeof(float);

    public int Elements => Bytes / ElementBytes;

    public static OwnedRows Of(IReadOnlyList<ParameterSpec> parameters, int rank, int worldSize)
    {
        var pieces = new List<OwnedPiece>(parameters.Count);
        var packed = 0;
        for (var p = 0; p < parameters.Count; p++)
        {
            var rows = RowPartition.Of(parameters[p].Rows, rank, worldSize);
            var rowBytes = checked((int)(parameters[p].RowElements * ElementBytes));
            var bytes = checked((int)(rows.Count * rowBytes));
            pieces.Add(new OwnedPiece(p, rows, checked((int)(rows.First * rowBytes)), packed, bytes));
            packed = checked(packed + bytes);
        }

        return new OwnedRows(rank, pieces, packed);
    }
}
