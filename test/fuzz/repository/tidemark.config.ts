import { defineConfig } from 'tidemark';
import * as shop from './shop.ts';

export default defineConfig({ project: 'fuzz', definitions: [shop], stages: { dev: {} } });
