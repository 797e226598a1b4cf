package main

import "context"

func pages(ctx context.Context, b *bench) error    { return nil }
func growth(ctx context.Context, b *bench) error   { return nil }
func replicas(ctx context.Context, b *bench) error { return nil }
