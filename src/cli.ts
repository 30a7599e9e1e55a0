#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before anything else is loaded: from the second start on, Node takes its own compiled code in place of the text.
enableCompileCache();
void import('./cli/main.ts').then(({ main }) => main());
