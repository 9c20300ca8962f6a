using Lineage.Contracts.Identity;

namespace Lineage.Contracts.Format;

/// <summary>
/// One digest for the tensor layout of a whole checkpoint. It uses only what every rank knows alike (world size and, in order, each
/// tensor's name, type, global shape and role), so that all ranks of a world name the same layout without talking to each other
/// (docs/FORMAT.md, section 2).
/// </summary>
public static class LayoutDigest
{
    public const string FormatName = "lineage.layout.v1";

    public static ContentHash Of(WorldSize worldSize, IEnumerable<TensorSpec> tensors) => TensorLayout.Of(worldSize, tensors).Digest();
}
