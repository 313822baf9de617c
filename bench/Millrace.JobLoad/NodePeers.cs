using Millrace.TestKit;

namespace Millrace.JobLoad;

/// <summary>The rivals that run on node: <c>bench/peers</c>, with the exact versions of its lock file.</summary>
internal static class NodePeers
{
    /// <summary>Installed in <c>node_modules</c> beside the scripts when first used, and again when the lock file has changed since.</summary>
    public static async Task<Side> BullMqAsync()
    {
        var folder = Path.Combine(RepositoryRoot.Path, "bench", "peers");
        var installed = new FileInfo(Path.Combine(folder, "node_modules", ".package-lock.json")); // npm writes it last
        if (!installed.Exists || installed.LastWriteTimeUtc < File.GetLastWriteTimeUtc(Path.Combine(folder, "package-lock.json")))
        {
            await Console.Error.WriteLineAsync($"npm ci in {folder} ...");
            await using var npm = ChildProcess.Start("npm", ["ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"]);
            var code = await npm.WaitForExitAsync();
            if (code != 0)
            {
                throw new InvalidOperationException($"npm ci ended with code {code}:\n{string.Join('\n', npm.Lines)}");
            }
        }

        return new Side("node", [Path.Combine(folder, "bullmq.mjs")]);
    }
}
