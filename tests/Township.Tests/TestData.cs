using Microsoft.Extensions.Configuration;
using Township.Platform;

namespace Township.Tests;

internal static class TestData
{
    public static DataDirectory Directory(string path) =>
        DataDirectory.Create(new ConfigurationBuilder().AddInMemoryCollection([new("data", path)]).Build());
}
