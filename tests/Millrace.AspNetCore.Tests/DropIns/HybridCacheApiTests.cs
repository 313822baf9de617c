using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Caching;

namespace Millrace.AspNetCore.Tests.DropIns;

/// <summary>A minimal API that was written for <see cref="HybridCache"/> and knows nothing of us; only its registration says AddMillraceCache.</summary>
[Trait("req", "C-22")]
public sealed class HybridCacheApiTests
{
    [Fact]
    public async Task An_application_that_uses_HybridCache_runs_on_ours_unchanged()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddMillraceCache(); // was: AddHybridCache()
        await using var app = builder.Build();
        var source = new Products();
        Map(app, source);
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(30) };

        var first = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetFromJsonAsync<Product>("/products/1")));
        Assert.All(first, product => Assert.Equal(new Product(1, "Product 1", ["new"]), product, Same));
        Assert.Equal(1, source.Reads);

        using var renamed = await client.PutAsJsonAsync("/products/1", "Wheel");
        renamed.EnsureSuccessStatusCode();
        Assert.Equal("Wheel", (await client.GetFromJsonAsync<Product>("/products/1"))!.Name);
        Assert.Equal(2, source.Reads);

        await client.GetFromJsonAsync<Product>("/products/2");
        using var cleared = await client.DeleteAsync("/products");
        cleared.EnsureSuccessStatusCode();
        await client.GetFromJsonAsync<Product>("/products/1");
        await client.GetFromJsonAsync<Product>("/products/2");
        Assert.Equal(5, source.Reads);
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    private static bool Same(Product? a, Product? b) => a?.Id == b?.Id && a?.Name == b?.Name && a!.Labels.SequenceEqual(b!.Labels);

    private static void Map(WebApplication app, Products source)
    {
        app.MapGet("/products/{id:int}", (int id, HybridCache cache, CancellationToken token) => cache.GetOrCreateAsync(
            $"product:{id}",
            (source, id),
            static (state, token) => state.source.ReadAsync(state.id, token),
            new HybridCacheEntryOptions { Expiration = TimeSpan.FromMinutes(10), LocalCacheExpiration = TimeSpan.FromMinutes(1) },
            ["products"],
            token));
        app.MapPut("/products/{id:int}", async (int id, [Microsoft.AspNetCore.Mvc.FromBody] string name, HybridCache cache, CancellationToken token) =>
        {
            source.Rename(id, name);
            await cache.RemoveAsync($"product:{id}", token);
        });
        app.MapDelete("/products", (HybridCache cache, CancellationToken token) => cache.RemoveByTagAsync("products", token));
    }

    private sealed record Product(int Id, string Name, List<string> Labels);

    private sealed class Products
    {
        private readonly System.Collections.Concurrent.ConcurrentDictionary<int, string> _names = new();
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public void Rename(int id, string name) => _names[id] = name;

        public async ValueTask<Product> ReadAsync(int id, CancellationToken token)
        {
            Interlocked.Increment(ref _reads);
            await Task.Yield();
            token.ThrowIfCancellationRequested();
            return new Product(id, _names.GetValueOrDefault(id, $"Product {id}"), ["new"]);
        }
    }
}
