using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Township.Modules.Accounts;

namespace Township.Platform.Web;

/// <summary>Says on standard output where Township is and, outside production, how to get in.</summary>
internal sealed class Announcement(IHostApplicationLifetime lifetime, IServer server, DemoAccounts demo, DataDirectory data)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Announce);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Announce()
    {
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            Console.Out.WriteLine($"Township is listening on {address}");
        }

        Console.Out.WriteLine($"Data directory: {data.Path}");
        if (demo.Enabled)
        {
            Console.Out.WriteLine($"Demo resident:  {DemoAccounts.ResidentEmail}  password {DemoAccounts.Password}");
            Console.Out.WriteLine($"Demo operator:  {DemoAccounts.OperatorEmail}  password {DemoAccounts.Password}");
        }
    }
}
